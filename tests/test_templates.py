"""Every template compiles, and none has anything inline: the content security policy allows none of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import Engine

FOLDER = Path(__file__).resolve().parent.parent / "templates"
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file())
INLINE = {
    "a <style> element": re.compile(r"<style\b", re.IGNORECASE),
    "a <script> without src": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    "a script between tags": re.compile(r"<script\b[^>]*>\s*[^\s<]", re.IGNORECASE),
    "an on… attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "htmx code": re.compile(r"\bhx-on\b|\bhx-vals\s*=\s*[\"']js:", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "something from another host": re.compile(r"(src|<link[^>]*href)\s*=\s*[\"'](https?:)?//", re.IGNORECASE),
}


def inline_in(source: str) -> list[str]:
    return [what for what, pattern in INLINE.items() if pattern.search(source)]


def test_there_are_templates() -> None:
    assert "base_public.html" in TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles(name: str) -> None:
    assert Path(Engine.get_default().get_template(name).origin.name) == FOLDER / name


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_has_nothing_inline(name: str) -> None:
    assert inline_in((FOLDER / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<style>p { color: red }</style>",
        "<script>alert(1)</script>",
        '<script src="x.js">alert(1)</script>',
        '<p class="a" onclick = "go()">',
        '<p\nstyle="color: red">',
        '<a href="javascript:go()">',
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<p hx-on:click="go()">',
    ],
)
def test_the_look_for_inline_things_finds_them(source: str) -> None:
    assert inline_in(source) != []
