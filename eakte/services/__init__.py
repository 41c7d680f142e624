"""The real servers as throw-away processes, for machines without a container engine: development, tests, CI.

`install` gets them, `process` runs one as a process, `launcher` runs several; one module per server knows the rest.
An installation in production (`compose.yaml`, `deploy/`) uses `identities` only.
"""
