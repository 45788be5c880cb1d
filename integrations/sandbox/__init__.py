"""A pretend Intercom workspace: the vendor's behaviour as documented and recorded, for trying and for tests.

Imports nothing of the product's other parts; only urls and views know Django.
"""

from __future__ import annotations
