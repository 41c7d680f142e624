"""Tagging: what a letter says, with places on its pages. Pure functions of recognised text; no register, no clock.

Entry point: `ingest.tagging.extract.extract`.
"""
