"""Prints a fresh set of secrets for a new installation: `python -m config.newenv > .env`."""

from __future__ import annotations

import secrets
import sys

from cryptography.fernet import Fernet


def new_env() -> str:
    """Lines for an .env file, with random keys that nobody has seen."""
    return f"SECRET_KEY={secrets.token_urlsafe(48)}\nFIELD_ENCRYPTION_KEYS={Fernet.generate_key().decode()}\n"


if __name__ == "__main__":
    sys.stdout.write(new_env())
