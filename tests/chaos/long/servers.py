"""A PostgreSQL and a Redis of the storm's own, so that they may be restarted and lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OPTIONS = "-c fsync=off -c max_connections=150 -c listen_addresses=127.0.0.1"
"""Without fsync nothing is lost by the death of a process, only by the machine's own."""

STARTS_WITHIN = 60


class MissingError(Exception):
    """A program that the storm needs is not on this machine; the text says which."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgres_programs() -> Path:
    """The folder of initdb and pg_ctl, the newest version's. Raises MissingError."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders or not (folders[-1] / "initdb").exists():
        raise MissingError("PostgreSQL's server (initdb, pg_ctl) is not on this machine: install postgresql.")
    return folders[-1]


def redis_program() -> str:
    """Raises MissingError."""
    found = shutil.which("redis-server")
    if found is None:
        raise MissingError(
            "redis-server is not on this machine: install redis-server, or leave out --broker."
        )
    return found


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server with one empty database. PostgreSQL refuses to run as root, so root runs it as `postgres`."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://storm@127.0.0.1:{self.port}/postgres"

    def restart(self, mode: str) -> None:
        """`fast` ends every session in order, `immediate` is a crash: the start recovers from the log."""
        self._control("restart", "-m", mode)

    def dump(self, to: Path) -> None:
        with to.open("wb") as file:
            command = [str(self.programs / "pg_dump"), "--dbname", self.url]
            subprocess.run(command, stdout=file, check=False, timeout=300)

    def create(self) -> None:
        data = str(self.folder / "data")
        self._run("initdb", "--pgdata", data, "--username", "storm", "--auth", "trust", "--no-sync")
        self._control("start")

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def _control(self, *what: str) -> None:
        options = f"-p {self.port} -k {self.folder} {OPTIONS}"
        log = str(self.folder / "postgresql.log")
        wait = ["-w", "-t", str(STARTS_WITHIN), "-D", str(self.folder / "data"), "-l", log, "-o", options]
        self._run("pg_ctl", *what, *wait)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        user = "postgres" if os.geteuid() == 0 else None
        # No pipe: the server would inherit it, and whoever reads it to its end would wait for the server.
        with (self.folder / "control.log").open("a") as log:
            subprocess.run(command, user=user, group=user, cwd="/", stdout=log, stderr=log, check=True)


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Runs until the block ends. `folder` is emptied of nothing: whoever made it removes it."""
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = Postgres(postgres_programs(), folder, free_port())
    server.create()
    try:
        yield server
    finally:
        server.stop()


class Redis:
    """A server that keeps nothing: what is queued is lost with it."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        self._process = self._started()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def restart(self) -> None:
        self.stop()
        self._process = self._started()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        settings = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self._folder / "redis.log").open("ab") as log:
            return subprocess.Popen([redis_program(), *settings], cwd=self._folder, stdout=log, stderr=log)
