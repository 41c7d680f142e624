"""Postkorb: personal, team and clearing inboxes, their items, follow-ups, and the grants that access reads."""
