"""Handing records out: to a court, an auditor, a person who inspects a file."""
