"""The audit log: typed events, sealed into a hash chain, anchored outside the database, verifiable offline.

Guaranteed: after sealing (at most 5 s after commit while a worker runs), a changed, removed, reordered or cut-off event
is found by `core.audit.verify`, and so is a lost anchor. Not guaranteed: events before their sealing, and an attacker
who rewrites database *and* all anchors: copies of the anchors belong on another medium.
"""

from core.audit.looking import Seen, look
from core.audit.record import LOOK_WINDOW, record_act

__all__ = ["LOOK_WINDOW", "Seen", "look", "record_act"]
