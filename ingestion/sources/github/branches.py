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
from ingestion.sources.github.repositories import branches_in_scope, is_configured, path_of

ASSOCIATED = {"pulls": 5}
_SIZES = {**COMMIT_SIZES, **CHECK_SIZES, **ASSOCIATED}


def commits(github: Github, collection: Collection) -> Pages:
    """Commits that came to each production branch in the window, their checks and pull requests.

    GitHub's history has a window of committer dates only. What was pushed in the window with an older date is found
    by comparing the branch's head with the head of the collection before, which is kept in the state. A branch that
    has none there (configured since, renamed, or without commits then) is read from its beginning.
    """
    total = 0
    collection.state["heads"] = {}
    for repository, branch in branches_in_scope(github, collection):
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
        self._size = PageSize(github.instance.page_size)

    def pages(self) -> Pages:
        """All tables' pages.

        Raises:
            NotFound: A configured production branch does not exist.
            SourceError: Fewer commits than GitHub counts.
        """
        head = self._head()
        if head is None:
            return
        seen: set[str] = set()
        total: int | None = None
        for history in self._history(head):
            self.total = total = int(history["totalCount"])
            seen.update(str(node["oid"]) for node in history["nodes"])
            yield from self._tables(history["nodes"])
        if total is None or len(seen) < total:
            raise SourceError(
                f"{self.collection.instance}: {len(seen)} of {total or 'all'} commits of {self.name} were read.",
                "Collect again.",
            )
        late = self._late(head, seen)
        self.total += len(late)
        yield from self._by_id(late)
        self.collection.state["heads"][self.name] = head

    def _head(self) -> str | None:
        """The commit from which all is read, however the branch moves meanwhile; None for one that does not exist.

        Raises:
            NotFound: It does not exist and is configured.
        """
        variables = {**place(self.github, self.repository), "ref": f"refs/heads/{self.branch}"}
        data = self.github.graphql(self.collection, "branch_head", variables, heavy=False)
        target = dig(data, ("repository", "ref", "target"))
        if target is not None:
            return str(target["oid"])
        if is_configured(self.github, self.repository):
            raise NotFound(
                f"{self.collection.instance}: {self.repository['name']} has no branch {self.branch}.",
                "Correct `production_branches` of this instance.",
            )
        return None

    def _history(self, head: str) -> Iterator[Record]:
        """Pages of the history of the head inside the window."""
        window = self.collection.window
        since = window.start
        if self._is_new():
            since = None
            self.collection.parameters.setdefault("from_the_beginning", []).append(self.name)
        variables = {
            **place(self.github, self.repository),
            "head": head,
            "since": None if since is None else instant(since),
            "until": instant(window.end),
            **_SIZES,
        }
        path = ("repository", "object", "history")
        return self.github.connection(self.collection, "commits", variables, path, self._size)

    def _is_new(self) -> bool:
        """Whether collections before this one read branches, but not this one: it has no head to compare with."""
        before = self.collection.previous_state.get("heads")
        return before is not None and self.name not in before

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
        size = self._size
        while ids:
            some = ids[: size.value]
            try:
                data = self.github.graphql(
                    self.collection, "commits_by_id", {"ids": some, **_SIZES}, heavy=size.value > 1
                )
            except HeavyQueryError as error:
                size.halve(error)
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
