"""Commits of production branches over GraphQL, with those that arrived with an old date."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.contract import Collection, NotFound, NotPermitted, Permission, SourceError, instant
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
from ingestion.sources.github.client import Github, HeavyQueryError, PageSize, Record, dig
from ingestion.sources.github.organization import Pages
from ingestion.sources.github.repositories import in_scope, is_configured, path_of, production_branches

ASSOCIATED = {"pulls": 5}
_SIZES = {**COMMIT_SIZES, **CHECK_SIZES, **ASSOCIATED}


def commits(github: Github, collection: Collection) -> Pages:
    """Commits that came to each production branch in the window, their checks and pull requests.

    GitHub's history has a window of committer dates only. What was pushed in the window with an older date is found
    by comparing the branch's head with the head of the collection before, which is kept in the state.
    """
    total = 0
    for repository in in_scope(github, collection):
        for branch in production_branches(github, repository):
            reader = _Branch(github, collection, repository, branch)
            yield from reader.pages()
            total += reader.total
    collection.source_total = total
    collection.permission = Permission("granted", NOTHING_HIDDEN)


class _Branch:
    """One production branch in one window.

    Attributes:
        total: Commits in the window which GitHub counts, and those that arrived with an older date.
    """

    def __init__(self, github: Github, collection: Collection, repository: Record, branch: str) -> None:
        self.github = github
        self.collection = collection
        self.repository = repository
        self.branch = branch
        self.name = f"{repository['id']}/{branch}"
        self.total = 0

    def pages(self) -> Pages:
        """All tables' pages.

        Raises:
            NotFound: A configured production branch does not exist.
            SourceError: Fewer commits than GitHub counts.
        """
        head = ""
        seen: set[str] = set()
        for now, history in self._history():
            head = head or now
            self.total = int(history["totalCount"])
            seen.update(str(node["oid"]) for node in history["nodes"])
            yield from self._tables(history["nodes"])
        if len(seen) < self.total:
            raise SourceError(
                f"{self.collection.instance}: {len(seen)} of {self.total} commits of {self.name} were read.",
                "The branch moved: collect again.",
            )
        if not head:
            if is_configured(self.github, self.repository):
                raise NotFound(
                    f"{self.collection.instance}: {self.repository['name']} has no branch {self.branch}.",
                    "Correct `production_branches` of this instance.",
                )
            return
        late = self._late(head, seen)
        self.total += len(late)
        yield from self._by_id(late)
        self.collection.state.setdefault("heads", {})[self.name] = head

    def _history(self) -> Iterator[tuple[str, Record]]:
        """(head, page of the history inside the window); nothing for a branch that does not exist."""
        window = self.collection.window
        variables = {
            **place(self.github, self.repository),
            "ref": f"refs/heads/{self.branch}",
            "since": None if window.start is None else instant(window.start),
            "until": instant(window.end),
            **_SIZES,
        }
        path = ("repository", "ref", "target")
        size = PageSize(self.github.instance.page_size)
        for data, history in self.github.answers(self.collection, "commits", variables, (*path, "history"), size):
            yield str((dig(data, path) or {})["oid"]), history

    def _late(self, head: str, seen: set[str]) -> list[str]:
        """Node ids of commits between the earlier head and this one that the window's dates do not cover."""
        before = (self.collection.previous_state.get("heads") or {}).get(self.name)
        if not before or before == head:
            return []
        path = f"{path_of(self.github, self.repository)}/compare/{before}...{head}"
        try:
            found = [commit for page in self.github.pages(self.collection, path, selector="commits") for commit in page]
        except NotFound:  # the earlier head was rewritten away and is gone; the source `git` reports that
            self.collection.parameters.setdefault("rewritten", []).append(self.name)
            return []
        return [str(commit["node_id"]) for commit in found if commit["sha"] not in seen]

    def _by_id(self, ids: list[str]) -> Pages:
        size = PageSize(self.github.instance.page_size)
        while ids:
            some = ids[: size.value]
            try:
                data = self.github.graphql(
                    self.collection, "commits_by_id", {"ids": some, **_SIZES}, heavy=size.value > 1
                )
            except HeavyQueryError:
                if size.value == 1:
                    raise
                size.halve()
                continue
            if any(not node for node in data["nodes"]):
                raise NotPermitted(f"{self.collection.instance}: a commit of {self.name} is hidden.")
            yield from self._tables(data["nodes"])
            ids = ids[len(some) :]

    def _tables(self, nodes: list[Record]) -> Pages:
        rows = [self._commit(node) for node in nodes]
        yield "commits", self.collection.page("commits", rows)
        repository_id = str(self.repository["id"])
        checks = [row for node in nodes for row in checks_of(self.github, self.collection, node, repository_id)]
        yield "check_runs", self.collection.page("check_runs", checks)

    def _commit(self, node: Record) -> mapping.Raw:
        whole = whole_commit(self.github, self.collection, node)
        associated = node.get("associatedPullRequests") or NOTHING
        pulls = self.github.all_nodes(self.collection, associated, "more_associated_pull_requests", {"id": node["id"]})
        whole["associatedPullRequests"] = mapping.plain(associated, pulls)
        return mapping.branch_commit(whole, str(self.repository["id"]), self.branch)
