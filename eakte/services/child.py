"""What a server is started through: take the ordinary user's rights, end with the parent, become the server.

`python -m eakte.services.child PARENT UID GID PROGRAM ARGUMENT…`; -1 keeps the user. The process id stays the same.
"""

from __future__ import annotations

import os
import sys

from core.parent import end_with


def main(arguments: list[str]) -> None:
    """Never returns: becomes the program or ends."""
    parent, uid, gid, *command = arguments
    if int(uid) >= 0:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    os.umask(0o077)
    end_with(int(parent))
    os.execv(command[0], command)  # noqa: S606  exactly what the launcher was told to start


if __name__ == "__main__":
    main(sys.argv[1:])
