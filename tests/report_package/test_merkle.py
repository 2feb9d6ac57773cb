from __future__ import annotations

from hashlib import sha256

import pytest

from orchestration.report_package import merkle, verify

# Leaves and roots as published in the test data of RFC 6962 implementations (Certificate Transparency).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
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


def recursive(lines: list[bytes]) -> bytes:
    """The definition of RFC 6962 section 2.1, word for word."""
    if not lines:
        return sha256(b"").digest()
    if len(lines) == 1:
        return sha256(b"\0" + lines[0]).digest()
    k = 1
    while k * 2 < len(lines):
        k *= 2
    return sha256(b"\1" + recursive(lines[:k]) + recursive(lines[k:])).digest()


def test_empty_root_is_the_hash_of_nothing() -> None:
    assert merkle.merkle_root([]) == sha256(b"").digest()
    assert verify.Tree().root() == sha256(b"").hexdigest()


@pytest.mark.parametrize("size", range(1, 9))
def test_published_vectors(size: int) -> None:
    lines = [bytes.fromhex(leaf) for leaf in LEAVES[:size]]
    tree = verify.Tree()
    for line in lines:
        tree.add(line)
    assert merkle.merkle_root(lines).hex() == ROOTS[size - 1] == tree.root()


@pytest.mark.parametrize(
    "size", [*range(1, 40), merkle.CHUNK - 1, merkle.CHUNK, merkle.CHUNK + 1, 2 * merkle.CHUNK + 5]
)
def test_chunked_tree_and_its_proofs_follow_the_definition(size: int) -> None:
    lines = [b"line %d" % n for n in range(size)]
    tree, streamed = merkle.Tree(), verify.Tree()
    leaves = b"".join(merkle.leaf_hash(line) for line in lines)
    tree.add(leaves)
    for line in lines:
        streamed.add(line)
    root = tree.root()
    assert root == recursive(lines)
    assert streamed.root() == root.hex()

    def chunk(k: int) -> bytes:
        return leaves[k * merkle.CHUNK * 32 : (k + 1) * merkle.CHUNK * 32]

    for index in {0, size // 3, size // 2, size - 1}:
        path = tree.proof(index, chunk)
        assert merkle.root_from_proof(merkle.leaf_hash(lines[index]), index, size, path) == root
        assert verify.proven_root(lines[index], index, size, ";".join(node.hex() for node in path)) == root.hex()
        if size > 1:
            other = (index + 1) % size
            assert merkle.root_from_proof(merkle.leaf_hash(lines[other]), index, size, path) != root
            assert merkle.root_from_proof(merkle.leaf_hash(lines[index]), index, size, path[:-1]) is None
            with pytest.raises(verify.Problem):
                verify.proven_root(lines[index], index, size, ";".join(node.hex() for node in [*path, path[0]]))
