"""Runs one case in a process of its own, so that cases share no interpreter, and reads what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tests.processes.installation import ROOT, Installation

LONGEST = 400.0
"""Seconds that a case may take, if nobody says otherwise."""


class CaseError(Exception):
    """A case ended with an error, which it names, or not in time."""


def run(case: str, *arguments: object) -> dict[str, Any]:
    """What `main(*arguments)` of `tests.bench.<case>` told. Raises CaseError."""
    return _run(
        [sys.executable, "-c", _call(case, arguments)], env={"PATH": os.environ["PATH"]}, within=LONGEST
    )


def run_inside(
    installation: Installation, case: str, *arguments: object, within: float = LONGEST
) -> dict[str, Any]:
    """The same in an installation's environment, with Django set up; `within` in seconds."""
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", _call(case, arguments)]
    return _run(command, env=installation.env, within=within)


def tell(found: Mapping[str, Any]) -> None:
    """A case's last line: what it found."""
    sys.stdout.write(json.dumps(found) + "\n")


def _call(case: str, arguments: Sequence[object]) -> str:
    return f"from tests.bench.{case} import main; main({', '.join(map(repr, arguments))})"


def _run(command: Sequence[str], *, env: Mapping[str, str], within: float) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=dict(env), capture_output=True, text=True, timeout=within, check=False
        )
    except subprocess.TimeoutExpired as err:
        raise CaseError(f"{command[-1]}: not done in {within:.0f} s") from err
    if done.returncode:
        raise CaseError(f"{command[-1]}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
