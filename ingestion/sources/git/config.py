"""Configuration of a git host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ingestion.config import SourceInstance
from ingestion.sources.github.config import AppLogin

_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_Branch = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./+#@-]*$")]


class Repository(BaseModel):
    """One repository in scope.

    Attributes:
        id: The platform's immutable id; part of record keys, so never a name.
        url: Where to fetch from: `https://…`, `ssh://…`, `git@host:…`, or a local path. Put no credential into it.
        branches: Production branches.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=_ID)
    url: str = Field(min_length=1, pattern=r"^[^-\x00-\x1f]")
    branches: tuple[_Branch, ...] = Field(min_length=1)


class GitInstance(SourceInstance, AppLogin):
    """Repositories that are fetched with the same credential.

    Attributes:
        repositories: The repositories in scope.
        clones: Folder of the bare clones; a cache that may be deleted.
        user: User name that goes with the token on `https://`: the optional secret `token`, or that of a GitHub App.
        api_url: Root of the REST API that gives a GitHub App its tokens; an Enterprise server's ends in `/api/v3`.
    """

    source: Literal["git"] = "git"
    repositories: tuple[Repository, ...]
    clones: Path = Path("build/git")
    user: str = "x-access-token"
    api_url: str = "https://api.github.com"
