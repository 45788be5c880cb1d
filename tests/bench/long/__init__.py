"""`python -m tests.bench.long`: whether what is quick with a few stays so with very many, on PostgreSQL.

A backlog of a hundred thousand, two clusters beside each other, a hundred workspaces with uneven backlogs,
pages among a million people. Fails where something misses its target.
"""

from __future__ import annotations
