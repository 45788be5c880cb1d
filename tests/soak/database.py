"""What stands in an installation's database (PostgreSQL), asked from outside, past the product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from tests.soak.samples import Table

SETTLED = """
    SELECT email, extract(epoch FROM joined_at)::float8, extract(epoch FROM settled_at - joined_at)::float8,
      settled_at
    FROM integrations_delivery WHERE state = 'created' AND settled_at > %s ORDER BY settled_at
"""
OPEN = "SELECT count(*) FROM integrations_delivery WHERE state IN ('waiting', 'sending', 'uncertain', 'held')"
ENDS = """
    SELECT p.email_normalized, p.status, d.state FROM campaigns_participant p
    LEFT JOIN integrations_delivery d ON d.participant_id = p.id
"""
CONTACTS = """
    SELECT email, contact_id, extract(epoch FROM settled_at)::float8
    FROM integrations_delivery ORDER BY joined_at, id
"""
QUALIFIED = "SELECT email_normalized FROM campaigns_participant WHERE status = 'qualified'"
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
LITTERED = """
    SELECT relname FROM pg_stat_user_tables WHERE n_dead_tup > 50 + 0.2 * n_live_tup
"""
"""As PostgreSQL itself decides, where it does."""

LAST_SETTLED = "SELECT max(settled_at) FROM integrations_delivery"
BEGINNING = "2000-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class End:
    """How somebody who joined stands; `state` is that of their delivery."""

    email: str
    qualified: bool
    state: str | None


@dataclass(frozen=True, slots=True)
class Created:
    """Somebody whose contact was made. `joined_at` is Unix seconds, `seconds` from then to the contact."""

    email: str
    joined_at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Contact:
    """Which one somebody is in Intercom, by our rows; `settled_at` is Unix seconds."""

    id: str
    settled_at: float


class Database:
    """One connection of our own, which no count includes."""

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)
        self._since: Any = BEGINNING
        self.earlier: Mapping[str, int] = {}

    def close(self) -> None:
        self._connection.close()

    def begin(self) -> None:
        """What is there now is of the time before: `earlier` counts its rows, by table."""
        self.earlier = {name: table.rows for name, table in self.tables().items()}
        (last,) = self._connection.execute(LAST_SETTLED).fetchone() or (None,)
        self._since = last or BEGINNING

    def joined(self) -> int:
        """Since the beginning."""
        everybody = self._number("SELECT count(*) FROM campaigns_participant")
        return everybody - self.earlier.get("campaigns_participant", 0)

    def open(self) -> int:
        """Leads that are still owed something."""
        return self._number(OPEN)

    def queued(self) -> int:
        """Tasks that django-q2 has not taken up yet, or not finished."""
        return self._number("SELECT count(*) FROM django_q_ormq")

    def connections(self) -> int:
        return self._number(CONNECTIONS, self._connection.info.backend_pid)

    def created(self) -> list[Created]:
        """Those who were created since the last time this was asked."""
        rows = self._connection.execute(SETTLED, [self._since]).fetchall()
        if rows:
            self._since = rows[-1][-1]
        return [Created(*row[:-1]) for row in rows]

    def contacts(self) -> dict[str, Contact]:
        """By email, first who joined first."""
        return {email: Contact(*rest) for email, *rest in self._connection.execute(CONTACTS).fetchall()}

    def qualified(self) -> set[str]:
        return {email for (email,) in self._connection.execute(QUALIFIED).fetchall()}

    def tables(self) -> dict[str, Table]:
        names = self._connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name: self._table(name) for (name,) in sorted(names.fetchall())}

    def clear_away(self) -> None:
        """Dead rows, for a server whose autovacuum is off, as it may be on a machine for tests."""
        if self._connection.execute("SHOW autovacuum").fetchone() == ("on",):
            return
        for (name,) in self._connection.execute(LITTERED).fetchall():
            self._connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(name)))

    def ends(self) -> list[End]:
        rows = self._connection.execute(ENDS).fetchall()
        return [End(email, status == "qualified", state) for email, status, state in rows]

    def _table(self, name: str) -> Table:
        count = sql.SQL("SELECT count(*), pg_total_relation_size({}) FROM {}")
        row = self._connection.execute(count.format(sql.Literal(name), sql.Identifier(name))).fetchone()
        assert row is not None
        return Table(*row)

    def _number(self, query: str, *values: object) -> int:
        row = self._connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return int(row[0])
