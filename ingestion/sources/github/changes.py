"""Resources read over GraphQL: pull requests with all that hangs on them, deployments.

Page sizes: one query of 50 pull requests asks for about 35,000 nodes (limit 500,000) and costs about 30 points of the
5,000 an hour; a nested connection longer than its page is followed to its end by queries of its own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from typing import Any

from ingestion.contract import Collection, Permission, SourceError
from ingestion.sources.github import mapping
from ingestion.sources.github.checks import (
    CHECK_SIZES,
    COMMIT_SIZES,
    NOTHING,
    NOTHING_HIDDEN,
    checks_of,
    place,
    whole_commit,
)
from ingestion.sources.github.client import Github, PageSize, Record
from ingestion.sources.github.organization import Pages
from ingestion.sources.github.repositories import in_scope

PULL_REQUEST_SIZES = {"labels": 10, "files": 100, "reviews": 20, "events": 20, "commits": 20}
FRONT = 5
"""Page size when the front is read again: usually nothing has moved."""
SETTLING_READS = 5
"""How often the newest pull requests are read again until nothing moved during the walk."""


def pull_requests(github: Github, collection: Collection) -> Pages:
    """Pull requests updated in the window with reviews, commits, events and the checks of their head commit.

    The walk goes from the most recently updated one back to the window's start. One that is updated during the walk
    jumps to the front, behind the reader's back: the front is read again until it stands still.
    """
    total: int | None = 0
    for repository in in_scope(github, collection):
        walk = _Walk(github, collection, repository)
        yield from walk.pages()
        total = None if total is None or walk.total is None else total + walk.total
    collection.source_total = total
    collection.permission = Permission("granted", NOTHING_HIDDEN)


_Read = Generator[tuple[str, Any], None, tuple[datetime | None, int, int]]


class _Walk:
    """Pull requests of one repository, newest update first.

    Attributes:
        total: What GitHub counts, when the walk went through all of them; else None (the count has no window).
    """

    def __init__(self, github: Github, collection: Collection, repository: Record) -> None:
        self.github = github
        self.collection = collection
        self.repository = repository
        self.total: int | None = None
        self._size = PageSize(github.instance.page_size)
        self._seen: set[tuple[str, str]] = set()

    def pages(self) -> Pages:
        """All tables' pages.

        Raises:
            SourceError: The front never stood still.
        """
        front, fresh, requests = yield from self._read(self.collection.window.start, self._size, whole=True)
        if requests < 2 or front is None:
            return  # one answer is one moment: nothing could move meanwhile
        size = PageSize(min(FRONT, self._size.value))
        for _ in range(SETTLING_READS):
            front, fresh, _ = yield from self._read(front, size, whole=False)
            if not fresh:
                return
        raise SourceError(
            f"{self.collection.instance}: pull requests of {self.repository['name']} kept moving during the walk.",
            "Collect again at a quieter time.",
        )

    def _read(self, until: datetime | None, size: PageSize, *, whole: bool) -> _Read:
        """Read the newest ones down to `until`; returns (newest update, number of fresh ones, number of pages)."""
        front, fresh, pages = until if not whole else None, 0, 0
        for page in self._until(until, size, whole=whole):
            if not pages and page:
                front = _at(page[0], "updatedAt")
            pages += 1
            unseen = [node for node in page if self._is_fresh(node)]
            fresh += len(unseen)
            yield from self._tables(unseen)
        return front, fresh, pages

    def _is_fresh(self, node: Record) -> bool:
        version = (str(node["id"]), str(node["updatedAt"]))
        if version in self._seen:
            return False
        self._seen.add(version)
        return True

    def _until(self, until: datetime | None, size: PageSize, *, whole: bool) -> Iterator[list[Record]]:
        """Pages down to the last pull request updated at or after `until`."""
        variables = {
            **place(self.github, self.repository),
            **PULL_REQUEST_SIZES,
            **COMMIT_SIZES,
            **CHECK_SIZES,
        }
        path = ("repository", "pullRequests")
        for found in self.github.connection(self.collection, "pull_requests", variables, path, size):
            nodes = found["nodes"]
            inside = [node for node in nodes if until is None or _at(node, "updatedAt") >= until]
            yield inside
            if len(inside) < len(nodes):
                return
            if whole and not found["pageInfo"]["hasNextPage"]:
                self.total = int(found["totalCount"])

    def _tables(self, nodes: list[Record]) -> Pages:
        """All tables' pages of some pull requests."""
        rows: dict[str, list[mapping.Raw]] = {}
        repository_id = str(self.repository["id"])
        for node in nodes:
            number = mapping.identity(node, "databaseId")
            whole = {**node, "labels": self._whole(node, "labels"), "files": self._whole(node, "files")}
            rows.setdefault("pull_requests", []).append(mapping.pull_request(whole, repository_id))
            rows.setdefault("pull_request_reviews", []).extend(
                mapping.review(review, repository_id, number) for review in self._nodes(node, "reviews")
            )
            rows.setdefault("pull_request_events", []).extend(
                mapping.event(event, repository_id, number) for event in self._nodes(node, "timelineItems", "events")
            )
            commits = [entry["commit"] for entry in self._nodes(node, "commits", sizes=COMMIT_SIZES)]
            rows.setdefault("pull_request_commits", []).extend(
                mapping.pull_request_commit(
                    whole_commit(self.github, self.collection, commit), repository_id, number, position
                )
                for position, commit in enumerate(commits, start=1)
            )
            for entry in node["head"]["nodes"]:
                rows.setdefault("check_runs", []).extend(
                    checks_of(self.github, self.collection, entry["commit"], repository_id)
                )
        for table, records in rows.items():
            yield table, self.collection.page(table, records)

    def _nodes(self, node: Record, field: str, name: str = "", sizes: Mapping[str, int] | None = None) -> list[Record]:
        return self.github.all_nodes(
            self.collection, node[field] or NOTHING, f"more_{name or field}", {"id": node["id"], **(sizes or {})}
        )

    def _whole(self, node: Record, field: str) -> Record:
        return mapping.plain(node[field] or NOTHING, self._nodes(node, field))


def _at(node: Record, field: str) -> datetime:
    when = mapping.time(node, field)
    if when is None:
        raise SourceError(f"a record of GitHub has no {field}.", "Report it: the API changed.")
    return when


def deployments(github: Github, collection: Collection) -> Pages:
    """Deployments to production environments created in the window, newest first until the window's start."""
    window = collection.window
    environments = list(github.instance.production_environments)
    collection.parameters["environments"] = environments
    total: int | None = 0
    for repository in in_scope(github, collection):
        variables = {**place(github, repository), "environments": environments}
        path = ("repository", "deployments")
        size = PageSize(github.instance.page_size)
        for found in github.connection(collection, "deployments", variables, path, size):
            nodes = found["nodes"]
            inside = [node for node in nodes if window.start is None or _at(node, "createdAt") >= window.start]
            rows = [mapping.deployment(node, str(repository["id"])) for node in inside]
            yield "deployments", collection.page("deployments", rows)
            if len(inside) < len(nodes):
                total = None
                break
            if not found["pageInfo"]["hasNextPage"] and total is not None:
                total += int(found["totalCount"])
    collection.source_total = total
    collection.permission = Permission("granted", NOTHING_HIDDEN)
