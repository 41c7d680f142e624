"""Pure hashing of audit events: leaves, Merkle roots and inclusion paths (RFC 6962 §2.1), block links."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

ZERO = bytes(32)


def leaf_hash(fields: dict[str, Any]) -> bytes:
    """Hash of one event: SHA-256 over 0x00 and its canonical JSON (sorted keys, no spaces, UTF-8)."""
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(b"\x00" + canonical).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Merkle tree hash of RFC 6962 over leaf hashes; of nothing, SHA-256 of the empty string."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return _node(merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[tuple[str, bytes]]:
    """The siblings from leaf `index` up to the root, each with its side ("left" or "right")."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_path(leaves[:split], index), ("right", merkle_root(leaves[split:]))]
    return [*inclusion_path(leaves[split:], index - split), ("left", merkle_root(leaves[:split]))]


def path_sides(count: int, index: int) -> list[str]:
    """The sides of the inclusion path of leaf `index` among `count`: they prove the place of a leaf, not only its being
    there.
    """
    sides: list[str] = []
    while count > 1:
        split = _split(count)
        if index < split:
            count, side = split, "right"
        else:
            count, index, side = count - split, index - split, "left"
        sides.append(side)
    return sides[::-1]


def root_from_path(leaf: bytes, path: Sequence[tuple[str, bytes]]) -> bytes:
    """The root that `leaf` and its inclusion path lead to."""
    digest = leaf
    for side, sibling in path:
        digest = _node(sibling, digest) if side == "left" else _node(digest, sibling)
    return digest


def block_hash(previous: bytes, root: bytes, block_no: int, first_no: int, last_no: int) -> bytes:
    """Hash that links a block to the one before it."""
    head = f"{block_no}:{first_no}:{last_no}".encode()
    return hashlib.sha256(b"\x02" + previous + root + head).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (count >= 2)."""
    return 1 << ((count - 1).bit_length() - 1)
