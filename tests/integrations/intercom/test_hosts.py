"""Regions and their addresses."""

from __future__ import annotations

import pytest

from integrations.intercom.hosts import Region, api_url, normal_region


@pytest.mark.parametrize(
    ("word", "region"),
    [("US", Region.US), ("EU", Region.EU), ("Europe", Region.EU), ("AU", Region.AU), (" us ", Region.US)],
)
def test_trap_20_regions_are_known_by_both_of_their_words(word: str, region: Region) -> None:
    assert normal_region(word) is region


@pytest.mark.parametrize("word", ["", "Mars", "eu.intercom.io"])
def test_an_unknown_region_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="region"):
        normal_region(word)


@pytest.mark.parametrize(
    ("region", "url"),
    [
        (Region.US, "https://api.intercom.io"),
        (Region.EU, "https://api.eu.intercom.io"),
        (Region.AU, "https://api.au.intercom.io"),
    ],
)
def test_each_region_has_its_host(region: Region, url: str) -> None:
    assert api_url(region) == url


def test_an_override_replaces_the_real_addresses() -> None:
    assert api_url(Region.EU, override="http://127.0.0.1:9000/") == "http://127.0.0.1:9000"


def test_an_override_does_not_move_the_sandbox() -> None:
    url = api_url(Region.SANDBOX, override="https://example.com", sandbox_url="http://web:8000/sandbox")
    assert url == "http://web:8000/sandbox"


def test_a_sandbox_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match="base URL"):
        api_url(Region.SANDBOX)


@pytest.mark.parametrize("url", ["ftp://x", "api.intercom.io", "https://", "https://x/?a=1", "https://x/#a"])
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        api_url(Region.US, override=url)


def test_a_real_token_does_not_travel_over_plain_http() -> None:
    with pytest.raises(ValueError, match="plain http"):
        api_url(Region.US, override="http://proxy.example.com")


def test_an_address_with_a_name_and_password_would_replace_the_token_and_is_refused() -> None:
    with pytest.raises(ValueError, match="base URL"):
        api_url(Region.US, override="https://somebody:secret@proxy.example.com")


@pytest.mark.parametrize("port", ["0", "many", "99999"])
def test_a_port_that_is_none_is_refused_before_anything_is_in_doubt(port: str) -> None:
    with pytest.raises(ValueError, match=r"base URL|[Pp]ort"):
        api_url(Region.US, override=f"https://proxy.example.com:{port}")
