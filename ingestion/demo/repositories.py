"""Git objects made in memory, so that their SHAs are known before git writes them, and bare repositories on disk."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingestion.demo.store import Store

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[gc]\n\tauto = 0\n"


@dataclass(frozen=True)
class Signature:
    """Author or committer of a commit."""

    name: str
    email: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.name} <{self.email}> {int(self.at.timestamp())} +0000"


@dataclass(frozen=True)
class Commit:
    """One commit with the SHAs of all its files (path → blob)."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str
    files: Mapping[str, str]
    mark: int


def _digest(kind: str, data: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


class GitRepository:
    """All objects of one repository, in order of their making.

    Args:
        name: Folder's name on disk, without `.git`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.commits: dict[str, Commit] = {}
        self._blobs: dict[str, tuple[int, bytes]] = {}
        self._marks = 0

    def blob(self, content: bytes) -> str:
        """SHA of a file's content."""
        sha = _digest("blob", content)
        if sha not in self._blobs:
            self._marks += 1
            self._blobs[sha] = (self._marks, content)
        return sha

    def content(self, sha: str) -> bytes:
        """Content of a blob."""
        return self._blobs[sha][1]

    def commit(
        self, parents: Iterable[Commit], files: Mapping[str, str], author: Signature, committer: Signature, message: str
    ) -> Commit:
        """Make a commit whose tree holds exactly these files.

        Args:
            parents: Parents, the first one first.
            files: Path → SHA of its blob.
            author: Who wrote it.
            committer: Who committed it.
            message: Full message.
        """
        shas = tuple(parent.sha for parent in parents)
        tree = _tree(files)
        head = "".join([f"tree {tree}\n", *(f"parent {sha}\n" for sha in shas)])
        sha = _digest("commit", f"{head}author {author}\ncommitter {committer}\n\n{message}".encode())
        if sha not in self.commits:
            self._marks += 1
            self.commits[sha] = Commit(sha, tree, shas, author, committer, message, dict(files), self._marks)
        return self.commits[sha]

    def stream(self) -> bytes:
        """The repository as a `git fast-import` stream; no ref is left by it."""
        parts: list[bytes] = []
        for mark, content in self._blobs.values():
            parts.append(b"blob\nmark :%d\ndata %d\n%b\n" % (mark, len(content), content))
        for commit in self.commits.values():
            message = commit.message.encode()
            parts.append(
                f"commit refs/import\nmark :{commit.mark}\nauthor {commit.author}\ncommitter {commit.committer}\n"
                f"data {len(message)}\n".encode()
                + message
                + b"\n"
            )
            base: Mapping[str, str] = {}
            for position, sha in enumerate(commit.parents):
                word = "merge" if position else "from"
                parts.append(f"{word} :{self.commits[sha].mark}\n".encode())
                base = base if position else self.commits[sha].files
            if not commit.parents:
                parts.append(b"deleteall\n")
            parts += [f"D {path}\n".encode() for path in base if path not in commit.files]
            parts += [
                f"M 100644 :{self._blobs[sha][0]} {path}\n".encode()
                for path, sha in commit.files.items()
                if base.get(path) != sha
            ]
            parts.append(b"\n")
        parts.append(b"reset refs/import\nfrom 0000000000000000000000000000000000000000\n\n")
        return b"".join(parts)


def _tree(files: Mapping[str, str]) -> str:
    """SHA of the tree of files; folders are one level deep."""
    top: dict[str, str] = {}
    folders: dict[str, list[tuple[str, str]]] = {}
    for path, sha in files.items():
        folder, _, name = path.rpartition("/")
        if folder:
            folders.setdefault(folder, []).append((name, sha))
        else:
            top[name] = sha
    entries = [(name, f"100644 {name}", sha) for name, sha in top.items()]
    for folder, members in folders.items():
        data = b"".join(f"100644 {name}\0".encode() + bytes.fromhex(sha) for name, sha in sorted(members))
        entries.append((f"{folder}/", f"40000 {folder}", _digest("tree", data)))
    return _digest("tree", b"".join(f"{text}\0".encode() + bytes.fromhex(sha) for _, text, sha in sorted(entries)))


def write(repositories: Iterable[GitRepository], folder: Path) -> None:
    """Write bare repositories `<folder>/git/<name>.git`, all at once.

    Raises:
        RuntimeError: git refused the stream.
    """
    running = []
    for repository in repositories:
        path = folder / "git" / f"{repository.name}.git"
        for part in ("objects/pack", "objects/info", "refs/heads", "refs/pull"):
            (path / part).mkdir(parents=True, exist_ok=True)
        (path / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
        (path / "config").write_text(_CONFIG, encoding="utf-8")
        command = ["git", "-C", str(path), "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        running.append((repository, process))
    for repository, process in running:
        _, error = process.communicate(repository.stream())
        if process.returncode:
            raise RuntimeError(f"git fast-import of {repository.name}: {error.decode(errors='replace')}")


def set_clock(store: Store, folder: Path, tick: datetime) -> None:
    """Point the refs of all repositories to where they were at an instant, by writing `packed-refs`."""
    refs: dict[str, list[tuple[str, str]]] = {}
    for version in store.tables.get("git.refs", []):
        refs.setdefault(version.payload["repository"], [])
        if version.visible(tick):
            refs[version.payload["repository"]].append((version.payload["ref"], version.payload["sha"]))
    for name, pairs in sorted(refs.items()):
        lines = "".join(f"{sha} {ref}\n" for ref, sha in sorted(pairs))
        path = folder / "git" / f"{name}.git" / "packed-refs"
        path.write_text(f"# pack-refs with: peeled fully-peeled sorted \n{lines}", encoding="utf-8")
