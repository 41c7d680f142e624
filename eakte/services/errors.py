"""What can go wrong with servers of one's own: not to be had, or not started."""

from __future__ import annotations

from core.errors import ConfigurationError


class NotInstalled(ConfigurationError):
    """The server is not on this machine; the text says how to get it."""

    code = "service_not_installed"


class NotStarted(ConfigurationError):
    """The server ended at start or did not get ready in time; the text ends with the last lines of its log."""

    code = "service_not_started"


class NotReady(Exception):
    """The server does not answer yet. Says nothing about why: the next look may find it ready."""
