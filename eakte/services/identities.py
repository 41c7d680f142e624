"""The identities at a MinIO-compatible S3 server: everyday work may not go past a lock, disposal may.

`python -m eakte.services.identities ENDPOINT FOLDER` makes them from the files of FOLDER (`s3_root_access_key`,
`s3_root_secret_key`, `s3_access_key`, `s3_secret_key`, `s3_disposal_access_key`, `s3_disposal_secret_key`); again does no
harm.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from minio.credentials.providers import StaticProvider
from minio.minioadmin import MinioAdmin

_EVERYWHERE = ["arn:aws:s3:::*"]
_ALLOW_ALL: dict[str, Any] = {"Effect": "Allow", "Action": ["s3:*"], "Resource": _EVERYWHERE}
_DENY_BYPASS: dict[str, Any] = {
    "Effect": "Deny", "Action": ["s3:BypassGovernanceRetention"], "Resource": _EVERYWHERE,
}  # fmt: skip
_STATEMENTS = {"eakte": [_ALLOW_ALL, _DENY_BYPASS], "eakte-disposal": [_ALLOW_ALL]}

Key = tuple[str, str]


def make_identities(endpoint: str, root: Key, everyday: Key, disposal: Key) -> None:
    """Make both, or set their secrets anew. Raises MinioException or what the connection raises."""
    address = urlsplit(endpoint)
    admin = MinioAdmin(endpoint=address.netloc, credentials=StaticProvider(*root), secure=address.scheme == "https")
    for (policy, statements), (access_key, secret_key) in zip(_STATEMENTS.items(), (everyday, disposal), strict=True):
        admin.policy_add(policy, policy={"Version": "2012-10-17", "Statement": statements})
        admin.user_add(access_key, secret_key)
        admin.policy_set(policy, user=access_key)


def main(endpoint: str, folder: Path) -> None:
    """Make them from files."""
    root, everyday, disposal = (
        ((folder / f"{name}_access_key").read_text().strip(), (folder / f"{name}_secret_key").read_text().strip())
        for name in ("s3_root", "s3", "s3_disposal")
    )
    make_identities(endpoint, root, everyday, disposal)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
