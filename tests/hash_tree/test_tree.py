"""The tree itself, against RFC 6962's own examples and for any leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_lib.hash_tree.tree import EMPTY, leaf_hash, node_hash, path, root_by, root_of

DATA = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
"""The leaves of the reference implementation's test (certificate-transparency, merkle_tree_test.cc)."""
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The roots of the first one, two, ... of them."""
PATHS = [
    (1, 1, []),
    (1, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (6, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (2, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip
"""Of the same test: number of the leaf from 1, size of the tree, path."""
LEAVES = [leaf_hash(bytes.fromhex(data)) for data in DATA]
leaves = st.lists(st.binary(max_size=3).map(leaf_hash), max_size=40)
some = st.lists(st.binary(max_size=3).map(leaf_hash), min_size=1, max_size=40)


def test_roots_and_paths_are_those_of_the_reference_implementation() -> None:
    assert root_of([]) == EMPTY
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [root_of(LEAVES[:n]).hex() for n in range(1, 9)] == ROOTS
    for number, size, wanted in PATHS:
        assert [one.hex() for one in path(LEAVES[:size], number - 1, size)] == wanted


def as_defined(given: list[bytes]) -> bytes:
    """The root as RFC 6962 defines it, by recursion over all leaves."""
    if len(given) < 2:
        return given[0] if given else EMPTY
    middle = 1 << ((len(given) - 1).bit_length() - 1)
    return node_hash(as_defined(given[:middle]), as_defined(given[middle:]))


@given(leaves)
@settings(max_examples=60)
def test_the_root_of_leaves_that_go_by_is_the_defined_one(given: list[bytes]) -> None:
    assert root_of(iter(given)) == as_defined(given)


CHANGES: dict[str, Callable[[list[bytes], int], list[bytes]]] = {
    "changed": lambda all_of, n: [*all_of[:n], leaf_hash(b"other"), *all_of[n + 1 :]],
    "dropped": lambda all_of, n: [*all_of[:n], *all_of[n + 1 :]],
    "added": lambda all_of, n: [*all_of[:n], leaf_hash(b"other"), *all_of[n:]],
    "there twice": lambda all_of, n: [*all_of[: n + 1], *all_of[n:]],
    "moved to the end": lambda all_of, n: [*all_of[:n], *all_of[n + 1 :], all_of[n]],
    "a leaf of two leaves in their place": lambda all_of, n: [leaf_hash(b"".join(all_of[:2])), *all_of[2:]],
}


@given(some, st.data())
@settings(max_examples=25)
@pytest.mark.parametrize("change", list(CHANGES))
def test_no_change_of_any_leaf_leaves_the_root(change: str, given: list[bytes], data: st.DataObject) -> None:
    changed = CHANGES[change](given, data.draw(st.integers(0, len(given) - 1)))
    assert (root_of(changed) == root_of(given)) == (changed == given)


@given(st.lists(st.binary(max_size=3).map(leaf_hash), min_size=1, max_size=40, unique=True), st.data())
@settings(max_examples=60)
def test_the_path_of_a_leaf_leads_to_the_root_and_that_of_no_other(given: list[bytes], data: st.DataObject) -> None:
    size, root = len(given), root_of(given)
    index = data.draw(st.integers(0, size - 1))
    found = path(iter(given), index, size)
    assert len(found) <= (size - 1).bit_length()
    assert root_by(given[index], index, size, found) == root
    assert root_by(leaf_hash(b"other"), index, size, found) != root
    assert root_by(given[index], index, size, [*found, EMPTY]) is None
    if found:
        assert root_by(given[index], index, size, found[:-1]) is None
    other = data.draw(st.integers(0, size - 1))
    assert (root_by(given[index], other, size, found) == root) == (other == index)


def test_a_leaf_that_is_not_there_has_no_path() -> None:
    for index, size in ((8, 8), (-1, 8), (0, 9)):
        with pytest.raises(ValueError, match=r"leaf|leaves"):
            path(LEAVES, index, size)
        assert root_by(LEAVES[0], index, size, []) is None
