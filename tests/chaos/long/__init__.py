"""The long storm: thousands of leads, two supervised worker machines, and servers that are restarted.

`make chaos` runs it, on a PostgreSQL (and a Redis) of its own. The people, the troubles, the books and the
oracle are the short storm's. Not part of the suite: a storm takes minutes.
"""

from __future__ import annotations
