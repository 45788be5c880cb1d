"""A worker is killed with SIGKILL between sending and saving: real processes, one contact."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.sandbox.control import Fault, Sandbox
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE
from tests.processes.installation import Installation, eventually, installation, kill_group

pytestmark = pytest.mark.slow

THE_LEASE_HAS_RUN_OUT = """
from integrations.models import DrainLease
from integrations.services.sweep import sweep
DrainLease.objects.update(expires_at="2000-01-01T00:00:00Z")
sweep()
"""


@pytest.mark.parametrize("action", ["create_lead", "create_user"])
def test_after_a_restart_there_is_exactly_one_contact_and_it_is_created(
    sandbox: Sandbox, tmp_path: Path, action: str
) -> None:
    with installation(tmp_path, intercom_url=sandbox.url) as site:
        site.set_up(token=TOKEN, action=action)
        _kill_while_the_answer_is_on_its_way(site, sandbox)
        assert site.total()["waiting"] == {"sending": 1}

        site.python(THE_LEASE_HAS_RUN_OUT)
        with site.worker():
            eventually(lambda: site.total()["created"] == 1, what=site.log.read_text())

        assert len(sandbox.contacts(WORKSPACE)) == 1
        assert len(sandbox.creations(WORKSPACE)) == 1
        assert site.total()["unexplained"] == 0


def _kill_while_the_answer_is_on_its_way(site: Installation, sandbox: Sandbox) -> None:
    sandbox.add_fault(WORKSPACE, Fault(acts=True, method="POST", path="/contacts", stall_after=8))
    with site.worker() as cluster:
        site.manage("join_lead", "spring", "--email", "ana@example.com", "--first-name", "Ana")
        eventually(lambda: len(sandbox.contacts(WORKSPACE)) == 1, what=site.log.read_text())
        kill_group(cluster)
