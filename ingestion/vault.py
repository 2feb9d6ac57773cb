"""The vault: append-only storage of evidence, a local folder or any fsspec URL. Nothing here updates or deletes."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from ingestion.contract import SourceError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

STORES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "file": ""}
"""Addresses a vault may have, and the package that reads them (all of them fsspec's)."""
_BLOCK = 1 << 20


class VaultConflict(SourceError):  # noqa: N818 - reads as the fact it states
    """An object of this name exists already: two runs write to one vault at the same time."""


@dataclass(frozen=True)
class FileFacts:
    """What a file of the vault is, read from the vault itself.

    Attributes:
        size: Bytes.
        sha256: Hex digest of the bytes.
    """

    size: int
    sha256: str


@dataclass(frozen=True)
class Vault:
    """Where the evidence lies.

    Attributes:
        root: A folder, or a URL such as `s3://bucket/prefix` (credentials from the environment, as the vendor's own
            tools read them).
    """

    root: str | Path

    @property
    def is_local(self) -> bool:
        """Whether the vault is a folder on this machine."""
        return "://" not in str(self.root) or str(self.root).startswith("file://")

    @cached_property
    def folder(self) -> Path:
        """The local folder, absolute.

        Raises:
            ValueError: The vault is not local.
        """
        if not self.is_local:
            raise ValueError(f"{self.root} is not a local folder")
        return Path(str(self.root).removeprefix("file://")).absolute()

    @cached_property
    def url(self) -> str:
        """The address for dlt's filesystem destination."""
        return self.folder.as_uri() if self.is_local else str(self.root).rstrip("/")

    @cached_property
    def fs(self) -> AbstractFileSystem:
        """The fsspec filesystem of the vault.

        Raises:
            SourceError: What reads such an address is not installed.
        """
        import fsspec

        try:
            filesystem, _ = fsspec.core.url_to_fs(self.url)
        except ImportError:
            scheme = self.url.partition("://")[0]
            raise SourceError(
                f"The vault lies at {scheme}://, and {STORES.get(scheme) or 'what reads it'} is not installed.",
                "`make extras` installs it.",
            ) from None
        return filesystem

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Say in words that an object store refused; a missing object stays FileNotFoundError."""
        if self.is_local:
            yield
            return
        try:
            yield
        except (FileNotFoundError, SourceError):
            raise
        except Exception as error:
            raise SourceError(
                f"The vault at {self.url} cannot be used: {type(error).__name__}: {str(error)[:300]}",
                "Check its address, and the credentials in the environment.",
            ) from error

    def place(self, path: str) -> str:
        """The address of a path in the vault, as DuckDB and pyarrow read it (absolute, `/` separated)."""
        return (self.folder / path).as_posix() if self.is_local else f"{self.url}/{path}"

    def create(self, path: str, content: bytes) -> None:
        """Write a new object in one step; it is there with all its bytes, or not at all.

        Raises:
            VaultConflict: The object exists.
        """
        if not self.is_local:
            self._create_remote(path, content)
            return
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            target.hardlink_to(part)  # unlike a rename, refuses to replace
        except FileExistsError:
            raise _conflict(path) from None
        finally:
            part.unlink(missing_ok=True)

    def _create_remote(self, path: str, content: bytes) -> None:
        place = self.place(path)
        with self._asking():
            if self.fs.exists(place):
                raise _conflict(path)
            try:
                self.fs.pipe_file(place, content, mode="create")  # conditional write where the store knows it
            except FileExistsError:
                raise _conflict(path) from None
            except FileNotFoundError as error:  # what it would lie in
                raise SourceError(
                    f"The vault at {self.url} cannot be used: {error}", "Create the bucket first."
                ) from None

    def open(self, path: str) -> BinaryIO:
        """Open an object for reading.

        Raises:
            FileNotFoundError: There is no such object.
        """
        with self._asking():
            return cast("BinaryIO", self.fs.open(self.place(path), "rb"))

    def read(self, path: str) -> bytes:
        """All bytes of an object.

        Raises:
            FileNotFoundError: There is no such object.
        """
        with self.open(path) as file, self._asking():
            return file.read()

    def read_all(self, paths: Sequence[str]) -> list[bytes]:
        """All bytes of some objects, in their order; many at once where they come over a network.

        Raises:
            FileNotFoundError: One of them is not there.
        """
        if self.is_local or not paths:
            return [self.read(path) for path in paths]
        places = [self.place(path) for path in paths]
        with self._asking():
            found = self.fs.cat(places)
            return [found[self.fs._strip_protocol(place)] for place in places]

    def list(self, prefix: str) -> dict[str, int]:
        """All objects below a prefix: path in the vault → bytes, sorted; hidden parts of unfinished writes left out."""
        base = self.place(prefix)
        root = self.fs._strip_protocol(self.place(""))
        with self._asking():
            self.fs.invalidate_cache()
            found = self.fs.find(base, detail=True) if self.fs.exists(base) else {}
        paths = {str(name).removeprefix(root).lstrip("/"): int(facts["size"]) for name, facts in found.items()}
        return {path: size for path, size in sorted(paths.items()) if not path.rsplit("/", 1)[-1].startswith(".")}

    def has_store(self) -> bool:
        """Whether what a vault is written to is there: of an object store the bucket; a folder is made when needed."""
        if self.is_local:
            return True
        with self._asking():
            return bool(self.fs.exists(self.fs._strip_protocol(self.url).partition("/")[0]))

    def facts(self, path: str) -> FileFacts:
        """Size and SHA-256 of an object, read block by block.

        Raises:
            FileNotFoundError: There is no such object.
        """
        digest, size = hashlib.sha256(), 0
        with self.open(path) as file, self._asking():
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return FileFacts(size, digest.hexdigest())


def _conflict(path: str) -> VaultConflict:
    return VaultConflict(
        f"The vault already holds {path}; vault objects are never replaced.",
        "Another collection is writing to this vault: let it finish, then collect again.",
    )
