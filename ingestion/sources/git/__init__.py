"""git itself: the frame of all changes, independent of what a platform's API tells about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dlt

from ingestion.config import scrub
from ingestion.contract import Collection, Finding, Permission, Resource, SourceError, compact_instant, parse_instant
from ingestion.sources.git.client import Git, token_of
from ingestion.sources.git.history import compare_head, first_parent_commits
from ingestion.sources.git.pulls import pull_commits, pull_heads

if TYPE_CHECKING:
    from ingestion.sources.git.config import GitInstance, Repository

COMMITS, HEADS, PULLS = "first_parent_commits", "branch_heads", "pull_commits"
_PAGE = 5_000  # rows of one Arrow page

RESOURCES = (
    Resource(
        "history",
        (COMMITS, HEADS, PULLS),
        "window",
        lag=timedelta(0),
        description="First-parent commits of production branches since the last collected heads, and pull requests.",
    ),
)

Record = tuple[str, datetime | None, dict[str, Any]]


@dlt.source(name="git", max_table_nesting=0)
def source(instance: GitInstance, collections: Mapping[str, Collection]) -> Any:
    """The one dlt resource `history`, which feeds three tables.

    Raises:
        SourceError: A repository cannot be fetched, or a configured branch never existed; nothing is committed then,
            because a frame that lacks a repository is no frame.
    """
    if "history" in collections:
        yield dlt.resource(_history(instance, collections["history"]), name="history")


def _history(instance: GitInstance, collection: Collection) -> Iterator[Any]:
    heads: dict[str, str] = dict(collection.previous_state.get("heads", {}))
    pulls: dict[str, dict[str, str]] = dict(collection.previous_state.get("pulls", {}))
    collection.parameters["repositories"] = [
        {"id": repository.id, "url": _shown(repository.url), "branches": list(repository.branches)}
        for repository in instance.repositories
    ]
    token = token_of(instance)
    for repository in instance.repositories:
        git = Git(instance, repository, token)
        git.fetch()
        refs = git.refs()
        for branch in repository.branches:
            yield from _branch(git, repository, branch, refs, heads, collection)
        previous = pulls.get(repository.id, {})
        commits = pull_commits(git, refs, repository.branches, previous)
        yield from _pages(collection, PULLS, (_pull_record(repository, commit) for commit in commits))
        pulls[repository.id] = pull_heads(refs)
        collection.page_done()
    collection.state |= {"heads": heads, "pulls": pulls}
    collection.permission = Permission("granted", "fetched")


def _branch(
    git: Git, repository: Repository, branch: str, refs: dict[str, str], heads: dict[str, str], collection: Collection
) -> Iterator[Any]:
    key = f"{repository.id}/{branch}"
    head = compare_head(git, branch, refs, heads.get(key))
    identity = {"repository_id": repository.id, "branch": branch}
    moved = {
        "head": head.head,
        "previous_head": head.previous_head,
        "is_descendant": head.is_descendant,
        "lost_commits": head.lost_commits,
    }
    collected = compact_instant(collection.collected_at)
    yield from _pages(collection, HEADS, [(f"{key}/{collected}", collection.collected_at, identity | moved)])
    commits = first_parent_commits(git, head, collection.window.start)
    records = ((f"{key}/{commit['sha']}", _instant(commit["committed_at"]), identity | commit) for commit in commits)
    yield from _pages(collection, COMMITS, records)
    if head.head is not None:
        heads[key] = head.head


def _pull_record(repository: Repository, commit: dict[str, Any]) -> Record:
    key = f"{repository.id}/{commit['number']}/{commit['sha']}"
    return key, None, {"repository_id": repository.id} | commit


def _pages(collection: Collection, table: str, records: Any) -> Iterator[Any]:
    from itertools import islice

    remaining = iter(records)
    while part := list(islice(remaining, _PAGE)):
        yield dlt.mark.with_table_name(collection.page(table, part), table)


def _instant(text: str | None) -> datetime | None:
    return parse_instant(text) if text else None


def _shown(url: str) -> str:
    """A url as the ledger may show it: without credentials; of a local path only the last part."""
    return scrub(url) if "://" in url or "@" in url else url.rstrip("/").rsplit("/", 1)[-1]


def doctor(instance: GitInstance) -> Iterator[Finding]:
    """Reach every repository and look for its production branches."""
    try:
        token = token_of(instance)
    except SourceError as error:
        yield Finding(f"{instance.instance}: credential", False, error.message, error.remedy)
        return
    for repository in instance.repositories:
        git = Git(instance, repository, token)
        check = f"{instance.instance}: repository {repository.id}"
        try:
            branches = git.remote_branches()
        except SourceError as error:
            yield Finding(check, False, error.message, error.remedy)
            continue
        missing = [branch for branch in repository.branches if branch not in branches]
        detail = f"reachable, {len(branches)} branches" + (f", without {', '.join(missing)}" if missing else "")
        yield Finding(check, not missing, detail, "Correct `branches`." if missing else "")
