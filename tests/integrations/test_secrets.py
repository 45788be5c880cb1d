"""Secrets are unreadable at rest, and readable with any of the keys."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from integrations.models import SecretUnreadableError
from integrations.models.secrets import reseal, seal, unseal, unseal_often

SECRET = "tökèn-1234"


def new_key() -> str:
    return Fernet.generate_key().decode()


def test_a_secret_comes_back_and_does_not_show() -> None:
    sealed = seal(SECRET)
    assert unseal(sealed) == SECRET
    assert SECRET not in sealed


def test_the_same_secret_never_looks_the_same() -> None:
    assert seal(SECRET) != seal(SECRET)


def test_nothing_stays_nothing() -> None:
    assert (seal(""), unseal(""), reseal("")) == ("", "", "")


def test_an_old_key_still_opens_and_a_new_one_seals(settings: Settings) -> None:
    old, new = new_key(), new_key()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    sealed = seal(SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert unseal(sealed) == SECRET
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with pytest.raises(SecretUnreadableError):
        unseal(sealed)


def test_resealing_takes_the_newest_key(settings: Settings) -> None:
    old, new = new_key(), new_key()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    sealed = seal(SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    again = reseal(sealed)
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert unseal(again) == SECRET


def test_what_is_remembered_goes_with_its_key(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [new_key()]
    sealed = seal(SECRET)
    assert unseal_often(sealed) == unseal_often(sealed) == SECRET
    assert unseal_often(seal("another")) == "another"
    settings.FIELD_ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(SecretUnreadableError):
        unseal_often(sealed)


@pytest.mark.parametrize("work", [unseal, unseal_often, reseal])
@pytest.mark.parametrize("sealed", ["x", "gAAAAA", "é", SECRET])
def test_what_no_key_opens_is_an_error_that_tells_nothing(work: object, sealed: str) -> None:
    assert callable(work)
    with pytest.raises(SecretUnreadableError) as failed:
        work(sealed)
    assert sealed not in str(failed.value).split()
    assert "FIELD_ENCRYPTION_KEYS" in str(failed.value)


def test_a_changed_secret_is_not_opened() -> None:
    sealed = seal(SECRET)
    with pytest.raises(SecretUnreadableError):
        unseal(sealed[:-2] + "AA")
