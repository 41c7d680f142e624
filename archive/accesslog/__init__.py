"""The access log of one case: asked for with a reason, opened by a second person, read for some days (ADR 0025)."""
