"""Backup while running, restore, and the rehearsal that proves both equal. Independent of the kind of database and store.

A backup made on one stack can be restored on the other: rows travel as values of their column types, bytes by their hash.
"""
