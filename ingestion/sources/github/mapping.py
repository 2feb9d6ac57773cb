"""From GitHub's records to raw records: keys, times and context; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ingestion.contract import parse_instant

Record = dict[str, Any]
Raw = tuple[str, datetime | None, Mapping[str, Any]]
"""`(record_key, source_updated_at, payload)`."""

_PULL_REQUEST_TABLES = ("reviews", "timelineItems", "commits", "head")


def time(record: Mapping[str, Any], *fields: str) -> datetime | None:
    """The first of some fields that holds an instant (ISO 8601 text), in UTC; None where none does."""
    for field in fields:
        value = record.get(field)
        if isinstance(value, str) and value:
            return parse_instant(value)
    return None


def in_context(record: Mapping[str, Any], **context: str | None) -> Record:
    """The record with `_context`, which holds what only the request knew."""
    return {**record, "_context": context}


def identity(record: Mapping[str, Any], *fields: str) -> str:
    """The record's key: the first of some fields that is set, as text.

    Raises:
        KeyError: None of them is set; the record could not be told from others.
    """
    for field in fields:
        if record.get(field) not in (None, ""):
            return str(record[field])
    raise KeyError(f"a record has none of {', '.join(fields)}")


def rest_records(records: Iterable[Mapping[str, Any]], *updated: str, key: str = "id") -> Iterator[Raw]:
    """REST records that stand by themselves; `updated` names their time fields, best first."""
    for record in records:
        yield identity(record, key), time(record, *updated), record


def members(records: Iterable[Mapping[str, Any]], role: str) -> Iterator[Raw]:
    """Members of the organization; the role is known from the request only."""
    for record in records:
        yield identity(record, "id"), None, in_context(record, role=role)


def of_repository(
    records: Iterable[Mapping[str, Any]], repository_id: str, *updated: str, keyed: bool = False, **context: str
) -> Iterator[Raw]:
    """REST records of one repository; `keyed` puts the repository's id before the record's own key."""
    for record in records:
        own = identity(record, "id")
        key = f"{repository_id}/{own}" if keyed else own
        yield key, time(record, *updated), in_context(record, repository_id=repository_id, **context)


def ruleset_version(record: Mapping[str, Any], repository_id: str, ruleset_id: str) -> Raw:
    """One version of a ruleset."""
    key = f"{repository_id}/{ruleset_id}/{identity(record, 'version_id')}"
    return key, time(record, "updated_at"), in_context(record, repository_id=repository_id, ruleset_id=ruleset_id)


def protection(repository_id: str, branch: str, rules: list[Any], settings: Record | None, reason: str) -> Raw:
    """Protection of one branch as at the collection; `reason` says why there are no settings."""
    payload: Record = {"protection": settings, "rules": rules}
    context = {"repository_id": repository_id, "branch": branch} | ({"reason": reason} if reason else {})
    return f"{repository_id}/{branch}", None, in_context(payload, **context)


def external_identity(node: Mapping[str, Any]) -> Raw:
    """One SAML or SCIM identity that is linked, or waiting to be linked, to an account."""
    return identity(node, "guid"), None, node


def plain(connection: Mapping[str, Any], nodes: list[Record]) -> Record:
    """A nested connection without its paging: all nodes, and the total where it was asked for."""
    total = {"totalCount": connection["totalCount"]} if "totalCount" in connection else {}
    return {**total, "nodes": nodes}


def pull_request(node: Mapping[str, Any], repository_id: str) -> Raw:
    """A pull request; what has tables of its own leaves only its total behind."""
    key = identity(node, "databaseId")
    payload = {name: value for name, value in node.items() if name not in _PULL_REQUEST_TABLES}
    for name in ("reviews", "commits"):
        payload[name] = {"totalCount": node[name]["totalCount"]}
    return key, time(node, "updatedAt"), in_context(payload, repository_id=repository_id)


def review(node: Mapping[str, Any], repository_id: str, pull_request_id: str) -> Raw:
    """A review of a pull request."""
    context = {"repository_id": repository_id, "pull_request_id": pull_request_id}
    return identity(node, "databaseId"), time(node, "submittedAt"), in_context(node, **context)


def event(node: Mapping[str, Any], repository_id: str, pull_request_id: str) -> Raw:
    """An event of a pull request's timeline."""
    context = {"repository_id": repository_id, "pull_request_id": pull_request_id}
    return identity(node, "id"), time(node, "createdAt"), in_context(node, **context)


def pull_request_commit(commit: Mapping[str, Any], repository_id: str, pull_request_id: str, position: int) -> Raw:
    """A commit of a pull request; positions count from 1, oldest first."""
    context = {"repository_id": repository_id, "pull_request_id": pull_request_id, "position": str(position)}
    return f"{pull_request_id}/{commit['oid']}", time(commit, "committedDate"), in_context(commit, **context)


def branch_commit(commit: Mapping[str, Any], repository_id: str, branch: str) -> Raw:
    """A commit in the history of a production branch, without its checks."""
    payload = {name: value for name, value in commit.items() if name not in ("status", "checkSuites")}
    key = f"{repository_id}/{branch}/{commit['oid']}"
    return key, time(commit, "committedDate"), in_context(payload, repository_id=repository_id, branch=branch)


def check_run(run: Mapping[str, Any], suite: Mapping[str, Any], repository_id: str, oid: str) -> Raw:
    """A check run of a commit; its suite and app are context."""
    app = suite.get("app") or {}
    context = {
        "repository_id": repository_id,
        "oid": oid,
        "app_id": None if app.get("databaseId") is None else str(app["databaseId"]),
        "app_slug": app.get("slug"),
        "suite_status": suite.get("status"),
        "suite_conclusion": suite.get("conclusion"),
    }
    key = f"{repository_id}/{oid}/{identity(run, 'databaseId', 'id')}"
    return key, time(run, "completedAt", "startedAt"), in_context(run, **context)


def commit_status(status: Mapping[str, Any], repository_id: str, oid: str) -> Raw:
    """A legacy commit status."""
    payload = {name: status.get(name) for name in ("context", "state", "createdAt")}
    context = {"repository_id": repository_id, "oid": oid} | dict.fromkeys(
        ("app_id", "app_slug", "suite_status", "suite_conclusion")
    )
    key = f"{repository_id}/{oid}/status/{status['context']}"
    return key, time(status, "createdAt"), in_context(payload, **context)


def deployment(node: Mapping[str, Any], repository_id: str) -> Raw:
    """A deployment."""
    status = node.get("latestStatus") or {}
    updated_at = time(status, "createdAt") or time(node, "createdAt")
    return identity(node, "databaseId", "id"), updated_at, in_context(node, repository_id=repository_id)
