"""Installations for the bench: an empty database each, the product set up in it, and nothing else."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from cryptography.fernet import Fernet

from tests.processes.installation import Installation

LOCAL_SERVER = "postgres://127.0.0.1:5432/postgres"


class Database(StrEnum):
    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


def server() -> str:
    """The PostgreSQL server to use: DATABASE_URL's, else the one of this machine."""
    url = os.environ.get("DATABASE_URL", "")
    return (
        urlunsplit(urlsplit(url)._replace(path="/postgres")) if url.startswith("postgres") else LOCAL_SERVER
    )


def server_version() -> str | None:
    """The version of the PostgreSQL server, or None when none answers (or lets us in)."""
    try:
        with psycopg.connect(server(), connect_timeout=3) as control:
            return str(control.info.parameter_status("server_version"))
    except psycopg.OperationalError:
        return None


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database, which is dropped at the end."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server(), autocommit=True) as control:
        control.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield urlunsplit(urlsplit(server())._replace(path=f"/{name}"))
        finally:
            control.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextlib.contextmanager
def site(database: Database, *, folder: Path, intercom_url: str) -> Iterator[Installation]:
    """An installation whose one campaign creates a lead in the one workspace for each lead that joins."""
    with contextlib.ExitStack() as stack:
        if database is Database.SQLITE:
            url = f"sqlite:///{folder / 'bench.sqlite3'}"
        else:
            url = stack.enter_context(postgresql())
        env = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "only-for-the-bench-" + "z" * 40,
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": url,
            "INTERCOM_API_URL": intercom_url,
            "LOG_LEVEL": "WARNING",
        }
        installation = Installation(env, folder / f"{database.name.lower()}.log")
        installation.set_up(token="bench")
        yield installation
