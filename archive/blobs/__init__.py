"""Bytes by their SHA-256: the port, its adapters, and the claims that keep bytes alive."""
