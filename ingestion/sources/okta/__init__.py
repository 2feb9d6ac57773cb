"""Okta: users, groups, applications, administrator roles, API tokens and the system log, by the management API.

Every listing follows the opaque `next` link to its end. Members of groups and users of applications are one chain of
requests per group or application; what disappears between its listing and its reading is noted and skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ingestion.contract import Collection, NotPermitted, Permission, Resource, SourceError, parse_instant
from ingestion.http import NotFound, rest_client
from ingestion.sources.okta.config import OktaInstance
from ingestion.sources.okta.doctor import doctor
from ingestion.sources.okta.login import login_of, wait

if TYPE_CHECKING:
    import pyarrow as pa
    from dlt.extract import DltSource
    from dlt.sources.helpers.rest_client.client import RESTClient
__all__ = ["RESOURCES", "doctor", "source"]

Record = dict[str, Any]

RETENTION = timedelta(days=90)
"""How far back the system log reaches; an older query succeeds with events missing, so the pipeline notes a gap."""
APPLICATIONS = "/api/v1/apps"
NON_DELETED: Mapping[str, str] = {"includeNonDeleted": "true"}
"""Inactive applications too: by Okta's reference the plain listing may leave them out."""
DEPROVISIONED = 'status eq "DEPROVISIONED"'
"""The plain listing leaves these users out."""

# Largest pages which the endpoints allow.
USERS, GROUPS, MEMBERS, APPS, APP_USERS, APP_GROUPS, ASSIGNEES, EVENTS = 200, 200, 1000, 200, 500, 200, 100, 1000

RESOURCES = (
    Resource("users", ("users",), "snapshot", description="All users, deprovisioned ones included."),
    Resource("groups", ("groups",), "snapshot", description="All groups."),
    Resource("group_members", ("group_members",), "snapshot", description="Members of every group."),
    Resource("apps", ("apps",), "snapshot", description="All applications."),
    Resource("app_users", ("app_users",), "snapshot", description="Users assigned to every application."),
    Resource("app_groups", ("app_groups",), "snapshot", description="Groups assigned to every application."),
    Resource("role_assignments", ("role_assignments",), "snapshot", description="Administrator roles of users."),
    Resource("api_tokens", ("api_tokens",), "snapshot", description="API tokens, without their values."),
    Resource(
        "system_log",
        ("system_log",),
        "window",
        retention=RETENTION,
        lag=timedelta(hours=1),
        description="Events of the system log by their time of publication.",
    ),
)


def source(instance: OktaInstance, collections: Mapping[str, Collection]) -> DltSource:
    """Make the dlt source that fills the given collections.

    Args:
        instance: The Okta organization.
        collections: Collection by resource name; a resource that is not named is not collected.
    """
    import dlt

    @dlt.source(name="okta", max_table_nesting=0)
    def okta() -> Iterator[Any]:
        for name, collection in collections.items():
            yield dlt.resource(_collect(instance, name, collection), name=name, write_disposition="append")

    return okta()


def client_of(instance: OktaInstance, collection: Collection | None = None) -> RESTClient:
    """A client with the instance's credential; waits as Okta's rate-limit headers say."""
    headers = {"Accept": "application/json"}
    return rest_client(instance, instance.base_url, headers, collection, auth=login_of(instance), wait=wait)


def records_of(name: str, rows: Iterable[Record]) -> Iterator[tuple[str, datetime | None, Record]]:
    """Turn Okta's records, with `_context` where a table needs it, into (record key, time of last change, payload)."""
    for row in rows:
        key = "/".join([*row.get("_context", {}).values(), row["uuid" if name == "system_log" else "id"]])
        changed = row.get("published" if name == "system_log" else "lastUpdated")
        yield key, parse_instant(changed) if changed else None, row


def _collect(instance: OktaInstance, name: str, collection: Collection) -> Iterator[pa.Table]:
    client = client_of(instance, collection)
    rows = 0
    try:
        for page in _PAGES[name](client, collection):
            collection.page_done()
            rows += len(page)
            yield collection.page(name, records_of(name, page))
        if not rows and name in _NEVER_EMPTY and not (name == "api_tokens" and instance.client_id):
            raise NotPermitted(
                f"{instance.instance}: Okta answered with no {name}, though {_NEVER_EMPTY[name]}.",
                "Give the credential an administrator role that is not limited to a resource set.",
            )
    except NotPermitted as error:
        collection.permission = Permission("denied", str(error))
        raise
    detail = "Okta answered every request; it refuses what is not allowed with 403"
    collection.permission = Permission("granted", f"{detail}{_LEFT_OUT.get(name, '')}")


_LEFT_OUT = {
    "role_assignments": "; roles of users, those they have through a group among them: roles of service apps and of "
    "groups without such users are not collected"
}
"""What a resource does not ask for, to be said where it is judged."""
_NEVER_EMPTY = {
    "users": "every organization has an administrator",
    "groups": "every organization has the group Everyone",
    "apps": "every organization has Okta's own applications",
    "role_assignments": "every organization has a super administrator",
    "api_tokens": "the token that asks is one",
}
"""`200 []` for one of these means: not allowed to see. A service app needs no API token: there may be none."""


def _pages(client: RESTClient, path: str, **params: str | int) -> Iterator[list[Record]]:
    """Every page of a listing; the `next` link is followed as it is.

    Raises:
        SourceError: A link leads back to a page that was read before and has records.
    """
    url: str | None = path
    query: dict[str, Any] | None = params
    seen = {path}  # a link that was followed is never followed again
    while url:
        response = client.get(url, params=query)
        body = response.json()
        yield body["value"] if isinstance(body, dict) else body
        link = response.links.get("next", {}).get("url")
        if link is None and isinstance(body, dict):  # /iam/assignees/users has its link in the body
            link = body.get("_links", {}).get("next", {}).get("href")
        if link is not None and link in seen and not body:
            return  # the system log may go on pointing at its own end
        if link is not None and link in seen:
            raise SourceError(f"Okta's paging of {path} came back to a page that was read before.", "Collect again.")
        seen.add(link or "")
        url, query = link, None


def _listing(path: str, **params: str | int) -> Callable[[RESTClient, Collection], Iterator[list[Record]]]:
    def pages(client: RESTClient, collection: Collection) -> Iterator[list[Record]]:
        collection.parameters.update(path=path, **params)
        return _pages(client, path, **params)

    return pages


def _users(client: RESTClient, collection: Collection) -> Iterator[list[Record]]:
    collection.parameters.update(path="/api/v1/users", filters=[None, DEPROVISIONED])
    yield from _pages(client, "/api/v1/users", limit=USERS)
    yield from _pages(client, "/api/v1/users", limit=USERS, filter=DEPROVISIONED)


def _children(parents: str, size: int, child: str, page_size: int, key: str) -> Any:
    """Pages of a listing per parent, e.g. `/api/v1/groups/{id}/users`, each record with the parent's id."""

    def pages(client: RESTClient, collection: Collection) -> Iterator[list[Record]]:
        collection.parameters.update(path=f"{parents}/{{id}}/{child}", parents=0, disappeared=[])
        listed = _pages(client, parents, limit=size, **(NON_DELETED if parents == APPLICATIONS else {}))
        ids = [row["id"] for page in listed for row in page]
        collection.parameters["parents"] = len(ids)
        for parent in dict.fromkeys(ids):
            try:
                for page in _pages(client, f"{parents}/{parent}/{child}", limit=page_size):
                    yield [{**row, "_context": {key: parent}} for row in page]
            except NotFound:
                collection.parameters["disappeared"].append(parent)

    return pages


def _role_assignments(client: RESTClient, collection: Collection) -> Iterator[list[Record]]:
    path = "/api/v1/iam/assignees/users"
    collection.parameters.update(path=path, parents=0, disappeared=[])
    ids = [row["id"] for page in _pages(client, path, limit=ASSIGNEES) for row in page]
    collection.parameters["parents"] = len(ids)
    for user in dict.fromkeys(ids):
        try:
            for page in _pages(client, f"/api/v1/users/{user}/roles"):
                yield [{**row, "_context": {"user_id": user}} for row in page]
        except NotFound:
            collection.parameters["disappeared"].append(user)


def _system_log(client: RESTClient, collection: Collection) -> Iterator[list[Record]]:
    start, end = collection.window.start, collection.window.end
    params: dict[str, str | int] = {"until": _instant(end), "sortOrder": "ASCENDING", "limit": EVENTS}
    if start is not None:
        params["since"] = _instant(start)
    collection.parameters.update(path="/api/v1/logs", **params)
    yield from _pages(client, "/api/v1/logs", **params)


def _instant(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


_PAGES: Mapping[str, Callable[[RESTClient, Collection], Iterator[list[Record]]]] = {
    "users": _users,
    "groups": _listing("/api/v1/groups", limit=GROUPS),
    "group_members": _children("/api/v1/groups", GROUPS, "users", MEMBERS, "group_id"),
    "apps": _listing(APPLICATIONS, limit=APPS, **NON_DELETED),
    "app_users": _children(APPLICATIONS, APPS, "users", APP_USERS, "app_id"),
    "app_groups": _children(APPLICATIONS, APPS, "groups", APP_GROUPS, "app_id"),
    "role_assignments": _role_assignments,
    "api_tokens": _listing("/api/v1/api-tokens"),
    "system_log": _system_log,
}
