"""The list of the sync log: who is asked for, who is found, page by page, and as a file. Reads only."""

from __future__ import annotations
