"""One order for many people of the sync log: who they are, what it would do, and carrying it out in rounds.

Sets rows only, by `services.repair.ORDERS`; the drain writes to Intercom.
"""
