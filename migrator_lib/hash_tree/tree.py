"""A hash tree as RFC 6962 defines it, with SHA-256, made and asked while its leaves go by.

A leaf's hash begins with a byte 0 and a node's with a byte 1, so that no leaf can be passed off as a node. Whatever
the number of leaves, memory holds one hash for each level of the tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

EMPTY = hashlib.sha256(b"").digest()
"""The root of no leaves (RFC 6962, 2.1)."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds ``data``: 32 bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Takes leaves one after the other, and knows the root of those so far."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[bytes] = []
        """Roots of the full subtrees from the left: one for each bit that is set in ``size``."""

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._whole.pop(), leaf)
            size >>= 1
        self._whole.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of the leaves so far."""
        if not self._whole:
            return EMPTY
        *others, found = self._whole
        for left in reversed(others):
            found = node_hash(left, found)
        return found


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


def path(leaves: Iterable[bytes], index: int, size: int) -> list[bytes]:
    """Return the inclusion path of one leaf (RFC 6962, 2.1.1): the hashes beside its way up, from below.

    Args:
        leaves: the hashes of all leaves, in order; they go by once.
        index: number of the leaf, from 0.
        size: how many leaves there are.

    Raises:
        ValueError: there is no such leaf, or there are not as many leaves.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    beside = _beside(index, size)
    trees = [Tree() for _ in beside]
    which = sorted(range(len(beside)), key=lambda n: beside[n][0])
    at = seen = 0
    for seen, leaf in enumerate(leaves, 1):
        while at < len(which) and beside[which[at]][1] < seen:
            at += 1
        if at < len(which) and beside[which[at]][0] < seen:
            trees[which[at]].add(leaf)
    if seen != size:
        raise ValueError(f"there are {seen} leaves, not {size}")
    return [tree.root for tree in trees]


def _beside(index: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges (first, behind the last) of leaves whose subtrees stand beside the way up, from below."""
    found, first, behind = [], 0, size
    while behind - first > 1:
        middle = first + (1 << ((behind - first - 1).bit_length() - 1))
        if index < middle:
            found.append((middle, behind))
            behind = middle
        else:
            found.append((first, middle))
            first = middle
    return found[::-1]


def root_by(leaf: bytes, index: int, size: int, beside: Iterable[bytes]) -> bytes | None:
    """Return the root that a leaf and its inclusion path lead to (RFC 9162, 2.1.3.2); None if it is none of that size.

    Who compares it with the root that was signed has checked that this leaf was under it.
    """
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for one in beside:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, one)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None
