"""Resolvers of GitHub's GraphQL API over the demo store: plain functions from records to fields and connections."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphql import GraphQLError

from ingestion.demo.server import Request
from ingestion.demo.store import Payload, Store, instant

_EVENT_TYPES = {
    "AddedToMergeQueueEvent": "ADDED_TO_MERGE_QUEUE_EVENT",
    "AutoMergeEnabledEvent": "AUTO_MERGE_ENABLED_EVENT",
    "HeadRefForcePushedEvent": "HEAD_REF_FORCE_PUSHED_EVENT",
    "MergedEvent": "MERGED_EVENT",
    "ReadyForReviewEvent": "READY_FOR_REVIEW_EVENT",
    "RemovedFromMergeQueueEvent": "REMOVED_FROM_MERGE_QUEUE_EVENT",
    "ReviewDismissedEvent": "REVIEW_DISMISSED_EVENT",
}
_SUITE_CONTEXT = ("app_id", "app_slug", "suite_status", "suite_conclusion")
Rows = list[Payload]


@dataclass
class View:
    """What resolvers read: the store as at one clock, through one request."""

    store: Store
    clock: datetime
    request: Request
    index: Index

    def rows(self, table: str) -> Rows:
        """Records of a table."""
        return self.store.at(f"github.{table}", self.clock)

    def group(self, table: str, path: str, value: str) -> Rows:
        """Records of a table that have this value at a dotted path."""
        return self.store.group(f"github.{table}", self.clock, path).get(value, [])


@dataclass
class Index:
    """Orders worth keeping while the clock stands still; an injected drift changes that of pull requests for good."""

    pulls: dict[str, Rows] = field(default_factory=dict)
    commits: dict[tuple[str, str], Rows] = field(default_factory=dict)
    histories: dict[tuple[str, str, str], Rows] = field(default_factory=dict)
    deployments: dict[str, Rows] = field(default_factory=dict)
    suites: dict[tuple[str, str], Rows] = field(default_factory=dict)


def type_of(source: Payload, _info: Any, _abstract: Any) -> str:
    """The type of an abstract node; an actor that does not say is a user."""
    return str(source.get("__typename") or "User")


def field_of(source: Any, info: Any, **_: Any) -> Any:
    """A field of a record; ids that the store does not hold are made from its keys."""
    name = info.field_name
    value = source.get(name)
    if value is None and name == "id":
        return f"{info.parent_type.name}_{source.get('databaseId') or source.get('oid') or source.get('context')}"
    if value is None and name == "fullDatabaseId" and source.get("databaseId") is not None:
        return str(source["databaseId"])
    return value


def page(
    rows: Sequence[Payload], first: int | None = None, last: int | None = None, after: str | None = None
) -> dict[str, Any]:
    """One page of a list that stands still; the cursor is opaque."""
    total = len(rows)
    start = _position(after)
    end = total if first is None else min(start + first, total)
    if last is not None:
        start = max(start, end - last)
    return _connection(rows[start:end], total, start, end)


def _connection(nodes: Sequence[Payload], total: int, start: int, end: int, **others: Any) -> dict[str, Any]:
    info = {"hasNextPage": end < total, "hasPreviousPage": start > 0, "startCursor": _at(start), "endCursor": _at(end)}
    return {"nodes": list(nodes), "pageInfo": info, "totalCount": total, **others}


def _at(position: int) -> str:
    return base64.b64encode(f"cursor:{position}".encode()).decode()


def _position(after: str | None) -> int:
    return 0 if after is None else int(base64.b64decode(after).decode().removeprefix("cursor:"))


def _nodes_of(source: Payload, name: str) -> Rows:
    """Nodes of a connection that stands in the record itself, as `{"nodes": […]}` or as a list."""
    value = source.get(name) or []
    return list(value["nodes"] if isinstance(value, dict) else value)


def _inline(source: Payload, info: Any, **args: Any) -> dict[str, Any]:
    return page(_nodes_of(source, info.field_name), args.get("first"), args.get("last"), args.get("after"))


def _repository(_source: Any, info: Any, owner: str, name: str) -> Payload:
    view: View = info.context
    organization = view.rows("organization")
    found = view.group("repositories", "name", name)
    if not found or not organization or organization[0]["login"].lower() != owner.lower():
        raise GraphQLError(
            f"Could not resolve to a Repository with the name '{owner}/{name}'.", extensions={"type": "NOT_FOUND"}
        )
    return {"databaseId": found[0]["id"], "name": found[0]["name"], "branch": found[0].get("default_branch")}


def _organization(_source: Any, info: Any, login: str) -> Payload:
    rows = info.context.rows("organization")
    if not rows or rows[0]["login"].lower() != login.lower():
        raise GraphQLError(
            f"Could not resolve to an Organization with the login of '{login}'.", extensions={"type": "NOT_FOUND"}
        )
    return {"databaseId": rows[0]["id"], "login": rows[0]["login"]}


def _members(_source: Any, info: Any, **args: Any) -> dict[str, Any]:
    rows = [{"login": row["login"], "databaseId": row["id"]} for row in info.context.rows("members")]
    return page(rows, args.get("first"), args.get("last"), args.get("after"))


def _saml(_source: Any, info: Any) -> Payload | None:
    view: View = info.context
    if not view.request.privileged:
        raise GraphQLError("Resource not accessible by personal access token", extensions={"type": "FORBIDDEN"})
    return {"databaseId": 1} if "github.external_identities" in view.store.tables else None


def _identities(_source: Any, info: Any, **args: Any) -> dict[str, Any]:
    return page(info.context.rows("external_identities"), args.get("first"), args.get("last"), args.get("after"))


def _pulls(source: Payload, info: Any, first: int, after: str | None = None, **args: Any) -> dict[str, Any]:
    """Pull requests, by last update unless otherwise asked; drift moves one to the front behind the reader's back."""
    view: View = info.context
    repository_id = str(source["databaseId"])
    order = args.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    name = "updatedAt" if order["field"] == "UPDATED_AT" else "createdAt"
    slot = f"{repository_id} {name}"
    rows = view.index.pulls.get(slot)
    if rows is None:
        rows = view.group("pull_requests", "_context.repository_id", repository_id)
        rows = view.index.pulls[slot] = sorted(rows, key=lambda row: (row[name], int(row["databaseId"])))
    newest_first = order["direction"] == "DESC"
    shown = rows[::-1] if newest_first else rows
    start = _position(after)
    if newest_first and after is not None and start < len(shown) and view.request.fault("drift"):
        jumped = {**shown[start], "updatedAt": view.clock.strftime("%Y-%m-%dT%H:%M:%SZ")}
        rows = [row for row in rows if row is not shown[start]] + [jumped]
        view.index.pulls[slot] = rows
        shown = rows[::-1]
        start += 1
    if start and view.request.fault("duplicate-page"):
        start = max(0, start - first)
        first *= 2
    end = min(start + first, len(shown))
    return _connection(shown[start:end], len(shown), start, end)


def _ref(source: Payload, info: Any, **args: Any) -> Payload | None:
    view: View = info.context
    name = str(args["qualifiedName"]).removeprefix("refs/heads/")
    head = _head(view, str(source["databaseId"]), name)
    if head is None:
        return None
    target = {**head, "__typename": "Commit", "branch": name}
    return {"databaseId": source["databaseId"], "name": name, "target": target}


def _head(view: View, repository_id: str, branch: str) -> Payload | None:
    """The newest commit of a branch that is no other's parent."""
    commits = _branch_commits(view, repository_id, branch)
    inner = {parent["oid"] for row in commits for parent in _nodes_of(row, "parents")}
    return next((row for row in commits if row["oid"] not in inner), None)


def _object(source: Payload, info: Any, **args: Any) -> Payload | None:
    """A commit by its hash; of several branches that hold it, preferably the one whose head it is."""
    view: View = info.context
    repository_id, oid = str(source["databaseId"]), args.get("oid")
    held = view.group("commits", "oid", oid) if oid else []
    held = [row for row in held if row["_context"]["repository_id"] == repository_id]
    if not held:
        return None
    heads = [row for row in held if (_head(view, repository_id, row["_context"]["branch"]) or {}).get("oid") == oid]
    found = (heads or held)[0]
    return {**found, "__typename": "Commit", "branch": found["_context"]["branch"]}


def _branch_commits(view: View, repository_id: str, branch: str) -> Rows:
    """Commits of a branch, newest committer date first."""
    slot = (repository_id, branch)
    known = view.index.commits.get(slot)
    if known is None:
        rows = view.group("commits", "_context.repository_id", repository_id)
        mine = [row for row in rows if row["_context"]["branch"] == branch]
        known = sorted(mine, key=lambda row: (instant(row["committedDate"]), row["oid"]), reverse=True)
        view.index.commits[slot] = known
    return known


def _history_of(view: View, source: Payload) -> Rows:
    """Commits of a branch as seen from one of them: without those on top of it."""
    slot = (source["_context"]["repository_id"], source["branch"], source["oid"])
    known = view.index.histories.get(slot)
    if known is None:
        rows = _branch_commits(view, *slot[:2])
        children: dict[str, list[str]] = {}
        for row in rows:
            for parent in _nodes_of(row, "parents"):
                children.setdefault(parent["oid"], []).append(row["oid"])
        above: set[str] = set()
        pending = list(children.get(slot[2], ()))
        while pending:
            oid = pending.pop()
            if oid not in above:
                above.add(oid)
                pending += children.get(oid, ())
        known = view.index.histories[slot] = [row for row in rows if row["oid"] not in above]
    return known


def _history(source: Payload, info: Any, **args: Any) -> dict[str, Any]:
    rows = _history_of(info.context, source)
    since = instant(args["since"]) if args.get("since") else None
    until = instant(args["until"]) if args.get("until") else None
    kept = [
        row
        for row in rows
        if (since is None or instant(row["committedDate"]) >= since)
        and (until is None or instant(row["committedDate"]) <= until)
    ]
    return page(kept, args.get("first"), args.get("last"), args.get("after"))


def _deployments(source: Payload, info: Any, **args: Any) -> dict[str, Any]:
    view: View = info.context
    repository_id = str(source["databaseId"])
    rows = view.index.deployments.get(repository_id)
    if rows is None:
        rows = view.group("deployments", "_context.repository_id", repository_id)
        rows = view.index.deployments[repository_id] = sorted(
            rows, key=lambda row: (row["createdAt"], row["databaseId"])
        )
    if args.get("environments"):
        rows = [row for row in rows if row.get("environment") in args["environments"]]
    if (args.get("orderBy") or {}).get("direction") == "DESC":
        rows = rows[::-1]
    return page(rows, args.get("first"), args.get("last"), args.get("after"))


def _of_pull_request(table: str, order: Callable[[Payload], Any], wrap: str = "") -> Callable[..., dict[str, Any]]:
    """Resolver of a connection whose records are a table of their own."""

    def resolve(source: Payload, info: Any, **args: Any) -> dict[str, Any]:
        view: View = info.context
        rows = view.group(table, "_context.pull_request_id", str(source["databaseId"]))
        if len(rows) > 1:
            rows = sorted(rows, key=order)
        wanted = args.get("itemTypes")
        if wanted:
            rows = [row for row in rows if _EVENT_TYPES[row["__typename"]] in wanted]
        nodes: Rows = [{"oid": row["oid"], wrap: row} for row in rows] if wrap else rows
        found = page(nodes, args.get("first"), args.get("last"), args.get("after"))
        return {**found, "filteredCount": len(nodes)}

    return resolve


def _associated(source: Payload, info: Any, **args: Any) -> dict[str, Any]:
    view: View = info.context
    found = []
    for node in _nodes_of(source, "associatedPullRequests"):
        row = view.store.get("github.pull_requests", view.clock, str(node["databaseId"]))
        if row is not None:
            found.append(row)
    return page(found, args.get("first"), args.get("last"), args.get("after"))


def _checks_at(view: View, source: Payload) -> Rows:
    """Check runs and statuses of a commit; none for a commit that is only mentioned."""
    repository_id = (source.get("_context") or {}).get("repository_id")
    rows = view.group("check_runs", "_context.oid", source["oid"])
    return [row for row in rows if row["_context"]["repository_id"] == repository_id]


def _suites(source: Payload, info: Any, **args: Any) -> dict[str, Any]:
    """Check suites of a commit, made from the context which the check runs carry."""
    view: View = info.context
    slot = ((source.get("_context") or {}).get("repository_id") or "", source["oid"])
    suites = view.index.suites.get(slot)
    if suites is None:
        groups: dict[tuple[Any, ...], Rows] = {}
        for row in _checks_at(view, source):
            if "context" not in row:
                groups.setdefault(tuple(row["_context"].get(name) for name in _SUITE_CONTEXT), []).append(row)
        suites = view.index.suites[slot] = [
            {
                "id": f"CS_{slot[0]}_{slot[1]}_{number}",
                "app": None if app_id is None else {"databaseId": int(app_id), "slug": slug},
                "status": status,
                "conclusion": conclusion,
                "runs": runs,
            }
            for number, ((app_id, slug, status, conclusion), runs) in enumerate(groups.items())
        ]
    return page(suites, args.get("first"), args.get("last"), args.get("after"))


def _runs(source: Payload, _info: Any, **args: Any) -> dict[str, Any]:
    rows: Rows = source["runs"]
    if (args.get("filterBy") or {}).get("checkType") != "ALL":
        rows = list({row["name"]: row for row in rows}.values())
    return page(rows, args.get("first"), args.get("last"), args.get("after"))


def _status(source: Payload, info: Any) -> Payload | None:
    contexts = [row for row in _checks_at(info.context, source) if "context" in row]
    return {"oid": source["oid"], "contexts": contexts} if contexts else None


def _parents(source: Payload, info: Any, **args: Any) -> dict[str, Any]:
    """Parents of a commit; of one that is only mentioned, from the branch's history."""
    if "parents" not in source:
        known = info.context.group("commits", "oid", source["oid"])
        source = known[0] if known else source
    return page(_nodes_of(source, "parents"), args.get("first"), args.get("last"), args.get("after"))


def commit_id(source: Payload, _info: Any = None) -> str:
    """Global id of a commit, the same in both APIs."""
    return f"C_{(source.get('_context') or {}).get('repository_id', '')}_{source['oid']}"


def _pull_request_id(source: Payload, _info: Any) -> str:
    return str(source.get("id") or f"PR_{source['databaseId']}")


def _node(_source: Any, info: Any, **args: Any) -> Payload:
    """A pull request, commit or check suite by the id under which it was shown."""
    view: View = info.context
    wanted = str(args["id"])
    kind, _, rest = wanted.partition("_")
    found: Payload | None = None
    if kind == "C":
        repository_id, _, oid = rest.partition("_")
        found = _commit(view, repository_id, oid)
        typename = "Commit"
    elif kind == "CS":
        repository_id, oid, _ = rest.split("_")
        commit = _commit(view, repository_id, oid)
        suites = _suites(commit, info)["nodes"] if commit else []
        found = next((suite for suite in suites if suite["id"] == wanted), None)
        typename = "CheckSuite"
    else:
        own = view.group("pull_requests", "id", wanted)
        found = own[0] if own else view.store.get("github.pull_requests", view.clock, rest)
        typename = "PullRequest"
    if found is None:
        raise GraphQLError(
            f"Could not resolve to a node with the global id of '{wanted}'.", extensions={"type": "NOT_FOUND"}
        )
    return {**found, "__typename": typename}


def _commit(view: View, repository_id: str, oid: str) -> Payload | None:
    """A commit of a pull request or of a branch."""
    for table in ("pull_request_commits", "commits"):
        for row in view.group(table, "oid", oid):
            if row["_context"]["repository_id"] == repository_id:
                return row
    return None


def _time(*names: str) -> Callable[[Payload], tuple[str, str]]:
    def key(row: Payload) -> tuple[str, str]:
        return next((str(row[name]) for name in names if row.get(name)), ""), str(
            row.get("databaseId") or row.get("id")
        )

    return key


def _many(source: Any, info: Any, ids: list[str]) -> Rows:
    return [_node(source, info, id=wanted) for wanted in ids]


RESOLVERS: dict[str, Callable[..., Any]] = {
    "Query.node": _node,
    "Query.nodes": _many,
    "Query.organization": _organization,
    "Query.repository": _repository,
    "Organization.membersWithRole": _members,
    "Organization.samlIdentityProvider": _saml,
    "OrganizationIdentityProvider.externalIdentities": _identities,
    "Repository.deployments": _deployments,
    "Repository.pullRequests": _pulls,
    "Repository.object": _object,
    "Repository.ref": _ref,
    "Commit.id": commit_id,
    "Commit.authors": _inline,
    "Commit.parents": _parents,
    "Commit.history": _history,
    "Commit.associatedPullRequests": _associated,
    "Commit.checkSuites": _suites,
    "Commit.status": _status,
    "CheckSuite.checkRuns": _runs,
    "PullRequest.id": _pull_request_id,
    "PullRequest.labels": _inline,
    "PullRequest.files": _inline,
    "PullRequest.reviews": _of_pull_request("pull_request_reviews", _time("submittedAt", "createdAt")),
    "PullRequest.commits": _of_pull_request(
        "pull_request_commits", lambda row: int(row["_context"]["position"]), wrap="commit"
    ),
    "PullRequest.timelineItems": _of_pull_request("pull_request_events", _time("createdAt")),
}
