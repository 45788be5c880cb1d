"""The soak: an installation as in production works for an hour, and nothing may grow that need not.

`python -m tests.soak --minutes 60 --rate 3`. It has weeks of work behind it, with thousands of people. Then
leads join at a steady rate, Intercom has rare faults, some leads qualify by webhooks, and somebody looks at
pages; the last quarter is held against the first.
"""

from __future__ import annotations
