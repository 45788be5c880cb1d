"""Both brokers with real workers, and a Redis that is not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import redis

from integrations.sandbox.control import Sandbox
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE
from tests.processes.installation import eventually, installation

pytestmark = pytest.mark.slow

REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
NOBODY_THERE = "redis://127.0.0.1:9/0"


def redis_answers() -> bool:
    client = redis.Redis.from_url(REDIS_URL, socket_connect_timeout=1)
    try:
        client.flushdb()
    except redis.RedisError:
        return False
    finally:
        client.close()
    return True


@pytest.mark.parametrize("broker", ["database", "redis"])
def test_a_lead_that_joins_is_in_intercom_within_seconds(
    sandbox: Sandbox, tmp_path: Path, broker: str
) -> None:
    if broker == "redis" and not redis_answers():
        pytest.skip("no Redis on this machine")
    extra = {"REDIS_URL": REDIS_URL} if broker == "redis" else {}
    with installation(tmp_path, intercom_url=sandbox.url, **extra) as site:
        site.set_up(token=TOKEN)
        with site.worker():
            site.manage("join_lead", "spring", "--email", "ana@example.com")
            eventually(lambda: len(sandbox.contacts(WORKSPACE)) == 1, what=site.log.read_text())


def test_with_redis_down_a_join_succeeds_and_is_owed(sandbox: Sandbox, tmp_path: Path) -> None:
    with installation(tmp_path, intercom_url=sandbox.url, REDIS_URL=NOBODY_THERE) as site:
        site.set_up(token=TOKEN)

        site.manage("join_lead", "spring", "--email", "ana@example.com")

        assert site.total()["waiting"] == {"queued": 1}
