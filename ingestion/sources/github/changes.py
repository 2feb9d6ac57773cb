"""Resources read over GraphQL: pull requests with all that hangs on them, commits of production branches, deployments.

Page sizes: one query of 50 pull requests asks for about 35,000 nodes (limit 500,000) and costs about 30 points of the
5,000 an hour; a nested connection longer than its page is followed to its end by queries of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ingestion.contract import Collection, NotFound, Permission, SourceError, instant
from ingestion.sources.github import mapping
from ingestion.sources.github.client import Github, PageSize, Record, dig
from ingestion.sources.github.organization import Pages
from ingestion.sources.github.repositories import in_scope, is_configured, production_branches

COMMIT_SIZES = {"authors": 10, "parents": 5}
CHECK_SIZES = {"suites": 10, "runs": 20}
PULL_REQUEST_SIZES = {"labels": 10, "files": 100, "reviews": 20, "events": 20, "commits": 20}
ASSOCIATED = {"pulls": 5}
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
    collection.permission = Permission("granted", "no part of any answer was hidden (GraphQL reports that as an error)")


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
        start = self.collection.window.start
        newest: datetime | None = None
        for _ in range(SETTLING_READS):
            front: datetime | None = None
            moved = False
            until = newest if newest is not None else start
            for page in self._until(until, whole=newest is None):
                if front is None and page:
                    front = mapping.time(page[0], "updatedAt")
                fresh = [node for node in page if self._is_fresh(node)]
                moved = moved or bool(fresh)
                yield from self._tables(fresh)
            if newest is not None and not moved:
                return
            newest = front if front is not None else newest
            if newest is None:
                return
        raise SourceError(
            f"{self.collection.instance}: pull requests of {self.repository['name']} kept moving during the walk.",
            "Collect again at a quieter time.",
        )

    def _is_fresh(self, node: Record) -> bool:
        version = (str(node["id"]), str(node["updatedAt"]))
        if version in self._seen:
            return False
        self._seen.add(version)
        return True

    def _until(self, until: datetime | None, *, whole: bool) -> Iterator[list[Record]]:
        """Pages down to the last pull request updated at or after `until`."""
        variables = {
            **_place(self.github, self.repository),
            **PULL_REQUEST_SIZES,
            **COMMIT_SIZES,
            **CHECK_SIZES,
        }
        path = ("repository", "pullRequests")
        for found in self.github.connection(self.collection, "pull_requests", variables, path, self._size):
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
                    _whole_commit(self.github, self.collection, commit), repository_id, number, position
                )
                for position, commit in enumerate(commits, start=1)
            )
            for entry in node["head"]["nodes"]:
                rows.setdefault("check_runs", []).extend(
                    _checks(self.github, self.collection, entry["commit"], repository_id)
                )
        for table, records in rows.items():
            yield table, self.collection.page(table, records)

    def _nodes(self, node: Record, field: str, name: str = "", sizes: Mapping[str, int] | None = None) -> list[Record]:
        return self.github.all_nodes(
            self.collection, node[field] or _EMPTY, f"more_{name or field}", {"id": node["id"], **(sizes or {})}
        )

    def _whole(self, node: Record, field: str) -> Record:
        return mapping.plain(node[field] or _EMPTY, self._nodes(node, field))


_EMPTY: Record = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


def _at(node: Record, field: str) -> datetime:
    when = mapping.time(node, field)
    if when is None:
        raise SourceError(f"a record of GitHub has no {field}.", "Report it: the API changed.")
    return when


def _place(github: Github, repository: Record) -> dict[str, Any]:
    return {"owner": github.instance.org, "name": str(repository["name"])}


def _whole_commit(github: Github, collection: Collection, commit: Record) -> Record:
    """A commit with all its authors and parents."""
    whole = dict(commit)
    for field in ("authors", "parents"):
        nodes = github.all_nodes(collection, commit[field], f"more_{field}", {"id": commit["id"]})
        whole[field] = mapping.plain(commit[field], nodes)
    return whole


def _checks(github: Github, collection: Collection, commit: Record, repository_id: str) -> Iterator[mapping.Raw]:
    """All check runs (of every attempt) and legacy statuses of a commit."""
    oid = str(commit["oid"])
    suites = github.all_nodes(
        collection,
        commit.get("checkSuites") or _EMPTY,
        "more_check_suites",
        {"id": commit["id"], "runs": CHECK_SIZES["runs"]},
    )
    for suite in suites:
        runs = github.all_nodes(collection, suite.get("checkRuns") or _EMPTY, "more_check_runs", {"id": suite["id"]})
        for run in runs:
            yield mapping.check_run(run, suite, repository_id, oid)
    for status in (commit.get("status") or {}).get("contexts") or []:
        yield mapping.commit_status(status, repository_id, oid)


def commits(github: Github, collection: Collection) -> Pages:
    """Commits of each production branch with a committer date in the window, their checks and pull requests.

    The window is one of committer dates, as GitHub offers no other; a commit pushed later with an older date is in
    the git history which `git` collects. The heads read are kept in the state.

    Raises:
        SourceError: Fewer commits than GitHub counts.
    """
    total = 0
    keys: set[str] = set()
    for repository in in_scope(github, collection):
        repository_id = str(repository["id"])
        for branch in production_branches(github, repository):
            for head, history in _history(github, collection, repository, branch):
                if f"{repository_id}/{branch}" not in collection.state.setdefault("heads", {}):
                    collection.state["heads"][f"{repository_id}/{branch}"] = head
                    total += int(history["totalCount"])
                rows = [_branch_commit(github, collection, node, repository_id, branch) for node in history["nodes"]]
                keys.update(key for key, _, _ in rows)
                yield "commits", collection.page("commits", rows)
                checks = [row for node in history["nodes"] for row in _checks(github, collection, node, repository_id)]
                yield "check_runs", collection.page("check_runs", checks)
    if len(keys) < total:
        raise SourceError(
            f"{collection.instance}: {len(keys)} of {total} commits were read.", "Branches moved: collect again."
        )
    collection.source_total = total
    collection.permission = Permission("granted", "no part of any answer was hidden (GraphQL reports that as an error)")


def _history(github: Github, collection: Collection, repository: Record, branch: str) -> Iterator[tuple[str, Record]]:
    """(head commit, page of history) of one branch; nothing for a repository without commits.

    Raises:
        NotFound: A configured production branch does not exist.
    """
    window = collection.window
    variables = {
        **_place(github, repository),
        "ref": f"refs/heads/{branch}",
        "since": None if window.start is None else instant(window.start),
        "until": instant(window.end),
        **COMMIT_SIZES,
        **CHECK_SIZES,
        **ASSOCIATED,
    }
    path = ("repository", "ref", "target")
    size = PageSize(github.instance.page_size)
    exists = False
    for data, history in github.answers(collection, "commits", variables, (*path, "history"), size):
        exists = True
        head = dig(data, path) or {}
        yield str(head["oid"]), history
    if not exists and is_configured(github, repository):
        raise NotFound(
            f"{collection.instance}: {repository['name']} has no branch {branch}.",
            "Correct `production_branches` of this instance.",
        )


def _branch_commit(
    github: Github, collection: Collection, node: Record, repository_id: str, branch: str
) -> mapping.Raw:
    whole = _whole_commit(github, collection, node)
    associated = node.get("associatedPullRequests") or _EMPTY
    nodes = github.all_nodes(collection, associated, "more_associated_pull_requests", {"id": node["id"]})
    whole["associatedPullRequests"] = mapping.plain(associated, nodes)
    return mapping.branch_commit(whole, repository_id, branch)


def deployments(github: Github, collection: Collection) -> Pages:
    """Deployments to production environments created in the window, newest first until the window's start."""
    window = collection.window
    environments = list(github.instance.production_environments)
    collection.parameters["environments"] = environments
    total: int | None = 0
    for repository in in_scope(github, collection):
        variables = {**_place(github, repository), "environments": environments}
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
    collection.permission = Permission("granted", "no part of any answer was hidden (GraphQL reports that as an error)")
