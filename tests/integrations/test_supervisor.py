"""Real child processes, tiny ones: restarted, killed with all they started, and asked to stop politely."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integrations import supervisor
from integrations.supervisor import Child, Supervisor, never_silent

ROOT = Path(__file__).resolve().parents[2]
SLEEP = "import time; time.sleep(60)"
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({file!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
{then}
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(supervisor, "LONGEST_WAIT", 0.02)


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    """Makes children that run a line of Python; none of them outlives the test."""
    made: list[Child] = []

    def make(code: str, *, silent_for: Callable[[], float] = never_silent) -> Child:
        made.append(Child("child", [sys.executable, "-c", code], silent_for=silent_for))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def wait_until(condition: Callable[[], object], *, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """A process that has ended and is only not buried yet does not count as alive."""
    with contextlib.suppress(OSError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


def pids_in(file: Path) -> list[int]:
    """What PARENT wrote: itself and its own child."""
    wait_until(lambda: file.exists() and len(file.read_text().split()) == 2)
    return [int(pid) for pid in file.read_text().split()]


def look_until(child: Child, condition: Callable[[], object]) -> None:
    def look() -> object:
        child.look()
        return condition()

    wait_until(look)


def test_a_child_that_ended_is_started_again(child: Callable[..., Child], tmp_path: Path) -> None:
    file = tmp_path / "starts"
    one = child(f"open({str(file)!r}, 'a').write('.')")
    look_until(one, lambda: file.exists() and len(file.read_text()) >= 3)
    assert one.failures >= 2


def test_the_wait_before_a_restart_grows_up_to_a_limit(
    child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_WAIT", 30.0)
    one, waits = child(SLEEP), []
    for _ in range(7):
        one.start()
        one._ended("ended")
        waits.append(round(one.restart_at - time.monotonic()))
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_ten_thousand_failures_are_only_failures(child: Callable[..., Child]) -> None:
    one = child(SLEEP)
    one.start()
    one.failures = 10_000
    one._ended("ended")
    assert one.failures == 10_001


def test_a_child_that_ran_steadily_is_started_again_soon(
    child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_AFTER", 0.0)
    one = child(SLEEP)
    one.start()
    one.failures = 5
    one._ended("ended")
    assert one.failures == 1


def test_nothing_is_started_before_its_time(child: Callable[..., Child]) -> None:
    one = child(SLEEP)
    one.restart_at = time.monotonic() + 60
    one.look()
    assert one.process is None


def test_a_program_that_cannot_be_started_is_tried_again_and_harms_nobody() -> None:
    one = Child("child", ["/nowhere/at/all"])
    one.look()
    assert (one.process, one.failures) == (None, 1)
    assert one.restart_at > 0


def test_a_silent_child_is_killed_with_all_it_started_and_started_again(
    child: Callable[..., Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pids"
    one = child(PARENT.format(file=str(file), then="time.sleep(60)"), silent_for=lambda: 1000.0)
    one.look()
    pids = pids_in(file)
    monkeypatch.setattr(supervisor, "HANGS_AFTER", 0.0)
    one.look()
    wait_until(lambda: not any(is_alive(pid) for pid in pids))
    monkeypatch.setattr(supervisor, "HANGS_AFTER", 180.0)
    look_until(one, lambda: one.process is not None and one.process.pid not in pids)


def test_a_young_child_is_not_held_to_an_old_sign_of_life(child: Callable[..., Child]) -> None:
    one = child(SLEEP, silent_for=lambda: 1000.0)
    one.look()
    one.look()
    assert not one.stopped()
    assert one.failures == 0


def test_a_child_that_gives_signs_is_left_alone(
    child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HANGS_AFTER", 0.05)
    one = child(SLEEP, silent_for=lambda: 0.0)
    one.look()
    time.sleep(0.1)
    one.look()
    assert not one.stopped()


def test_no_answer_about_a_child_is_no_reason_to_kill_it(
    child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unknown() -> float:
        raise OSError("the database is down")

    monkeypatch.setattr(supervisor, "HANGS_AFTER", 0.0)
    one = child(SLEEP, silent_for=unknown)
    one.look()
    one.look()
    assert not one.stopped()
    assert "cannot tell whether child is alive" in caplog.text


def test_what_an_ended_parent_left_behind_is_killed(child: Callable[..., Child], tmp_path: Path) -> None:
    file = tmp_path / "pids"
    one = child(PARENT.format(file=str(file), then=""))
    one.look()
    pids = pids_in(file)
    look_until(one, lambda: one.failures == 1)
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


SUPERVISED = """
import sys
from integrations import supervisor
from integrations.supervisor import Child, Supervisor
supervisor.LOOK_EVERY = 0.02
Supervisor([Child("child", [sys.executable, "-c", {code!r}])]).run()
print("over")
"""

POLITE = """
import os, signal, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", {grandchild!r}])
def finish(*_):
    time.sleep(0.3)
    open({file!r} + ".done", "w").write("finished")
    sys.exit()
signal.signal(signal.SIGTERM, {handler})
open({file!r}, "w").write(f"{{os.getpid()}} {{grandchild.pid}}")
while True:
    time.sleep(0.05)
"""

NOTES_A_SIGNAL = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: open({file!r} + ".heard", "w").close())
time.sleep(60)
"""


def hear_every_signal() -> None:
    """However the tests were started: a background job of a shell ignores SIGINT, and so do its children."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Runs a supervisor with one child, as a process of its own, since it takes over the signals."""
    started: list[subprocess.Popen[str]] = []

    def start(handler: str) -> subprocess.Popen[str]:
        file = str(tmp_path / "pids")
        grandchild = textwrap.dedent(NOTES_A_SIGNAL).format(file=file)
        code = POLITE.format(file=file, handler=handler, grandchild=grandchild)
        command = [sys.executable, "-c", SUPERVISED.format(code=code)]
        started.append(
            subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=hear_every_signal
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
    with contextlib.suppress(OSError, ValueError):
        for pid in pids_in(tmp_path / "pids"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    for process in started:
        # Only now: whoever is left holds the other end of its output.
        process.communicate(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_lets_the_child_finish_and_leaves_nobody_behind(
    run: Callable[[str], subprocess.Popen[str]], tmp_path: Path, number: int
) -> None:
    process = run("finish")
    pids = pids_in(tmp_path / "pids")
    process.send_signal(number)
    output, _ = process.communicate(timeout=10)
    assert (process.returncode, output) == (0, "over\n")
    assert (tmp_path / "pids.done").read_text() == "finished"
    assert not (tmp_path / "pids.heard").exists(), "only the parent is to be asked"
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_a_second_signal_kills_at_once(run: Callable[[str], subprocess.Popen[str]], tmp_path: Path) -> None:
    process = run("signal.SIG_IGN")
    pids = pids_in(tmp_path / "pids")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert process.poll() is None
    assert is_alive(pids[0])
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_a_child_that_does_not_stop_in_time_is_killed(
    child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(supervisor, "STOPS_WITHIN", 0.2)
    file = tmp_path / "ready"
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    one = child(f"{deaf}; open({str(file)!r}, 'w').close(); time.sleep(60)")
    one.look()
    wait_until(file.exists)
    process = one.process
    Supervisor([one], _asked=1).run()
    assert process is not None
    assert process.returncode == -signal.SIGKILL


def test_signals_mean_afterwards_what_they_meant_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    Supervisor([], _asked=1).run()
    assert signal.getsignal(signal.SIGTERM) is before


def test_all_children_are_looked_after(child: Callable[..., Child]) -> None:
    both = [child(SLEEP), child(SLEEP)]
    overseer = Supervisor(both)
    seen: list[bool] = []

    def stop_when_both_run() -> float:
        seen.append(all(one.process is not None for one in both))
        overseer.stop()
        return 0.0

    both[1].silent_for = stop_when_both_run
    both[1].started_at = -1000.0
    both[1].start()
    both[1].started_at = -1000.0
    overseer.run()
    assert True in seen
    assert all(one.process is None for one in both)
