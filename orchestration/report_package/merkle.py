"""Merkle tree hashes and inclusion proofs as RFC 6962 section 2.1 defines them.

A leaf is ``SHA-256(0x00 || line)``, a node ``SHA-256(0x01 || left || right)``, the root of nothing ``SHA-256("")``.
Populations are hashed while they are written: :class:`Tree` folds leaf digests into complete subtrees of
:data:`CHUNK` leaves and keeps only the roots of those, so ten million rows need under a megabyte. A proof re-reads
the one chunk it concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

CHUNK = 1 << 12
"""Leaves in one complete subtree; a power of two, so that subtrees coincide with the splits of RFC 6962."""

EMPTY_ROOT = sha256(b"").digest()
_WIDTH = 32


def leaf_hash(line: bytes) -> bytes:
    """Return the leaf digest of one CSV line, given without its line feed."""
    return sha256(b"\0" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the digest of an inner node."""
    return sha256(b"\1" + left + right).digest()


def _level_up(level: bytes) -> bytes:
    """Hash neighbouring digests pairwise; an odd last digest moves up unchanged."""
    even = len(level) // (2 * _WIDTH) * (2 * _WIDTH)
    pairs = b"".join([sha256(b"\1" + level[i : i + 64]).digest() for i in range(0, even, 64)])
    return pairs + level[even:]


def root_of(leaves: bytes) -> bytes:
    """Return the root over leaf digests that stand one after the other (32 bytes each).

    Hashing pairwise and promoting an odd last digest is the same tree as the recursive split at the largest power of
    two of RFC 6962.
    """
    if not leaves:
        return EMPTY_ROOT
    while len(leaves) > _WIDTH:
        leaves = _level_up(leaves)
    return leaves


def path_in(leaves: bytes, index: int) -> list[bytes]:
    """Return the audit path of leaf ``index`` within concatenated digests, from the leaf upwards."""
    count = len(leaves) // _WIDTH
    if not 0 <= index < count:
        raise IndexError(f"leaf {index} of {count}")
    path: list[bytes] = []
    while len(leaves) > _WIDTH:
        sibling = index ^ 1
        if sibling * _WIDTH < len(leaves):
            path.append(leaves[sibling * _WIDTH : (sibling + 1) * _WIDTH])
        leaves = _level_up(leaves)
        index >>= 1
    return path


class Tree:
    """A Merkle tree that is fed with leaf digests in file order and remembers one root per chunk."""

    def __init__(self) -> None:
        self.size = 0
        self._pending = bytearray()
        self._chunks = bytearray()

    def add(self, leaves: bytes | memoryview) -> None:
        """Append concatenated leaf digests (32 bytes each)."""
        self._pending += leaves
        self.size += len(leaves) // _WIDTH
        span = CHUNK * _WIDTH
        full = len(self._pending) // span * span
        for start in range(0, full, span):
            self._chunks += root_of(bytes(self._pending[start : start + span]))
        del self._pending[:full]

    def root(self) -> bytes:
        """Return the root over everything added so far."""
        return root_of(self._upper())

    def proof(self, index: int, chunk_leaves: Callable[[int], bytes]) -> list[bytes]:
        """Return the audit path of leaf ``index``.

        Args:
            index: position of the leaf, from 0.
            chunk_leaves: gives the concatenated leaf digests of chunk ``k`` (leaves ``k * CHUNK`` onwards).
        """
        chunk, offset = divmod(index, CHUNK)
        return path_in(chunk_leaves(chunk), offset) + path_in(self._upper(), chunk)

    def _upper(self) -> bytes:
        tail = root_of(bytes(self._pending)) if self._pending else b""
        return bytes(self._chunks) + tail


def merkle_root(lines: Iterable[bytes]) -> bytes:
    """Return the root over lines (without line feeds) with the memory of one chunk."""
    tree = Tree()
    for line in lines:
        tree.add(leaf_hash(line))
    return tree.root()


def root_from_proof(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root which an audit path leads to, or None where the path has the wrong length."""
    if not 0 <= index < size:
        return None
    digest, last, rest = leaf, size - 1, list(path)
    while last:
        if index & 1 or index < last:
            if not rest:
                return None
            sibling = rest.pop(0)
            digest = node_hash(sibling, digest) if index & 1 else node_hash(digest, sibling)
        index >>= 1
        last >>= 1
    return None if rest else digest
