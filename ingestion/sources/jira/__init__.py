"""Jira Cloud: issues of the configured projects with approvals and changelog, users, statuses.

Issues are searched by the time of their last update, in the zone of the account that asks (JQL knows no other, and no
seconds). What the account may not browse is left out without an error, so every project is probed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from requests.auth import HTTPBasicAuth

from ingestion.config import register_secret, secret
from ingestion.contract import Collection, NotPermitted, Permission, Resource, SourceError
from ingestion.http import NotFound, rest_client
from ingestion.sources.jira.config import JiraInstance
from ingestion.sources.jira.doctor import doctor
from ingestion.sources.jira.mapping import Record, approvals_of, changelog_of, issues_of

if TYPE_CHECKING:
    import pyarrow as pa
    from dlt.extract import DltSource
    from dlt.sources.helpers.rest_client.client import RESTClient

__all__ = ["RESOURCES", "doctor", "source"]

RESOURCES = (
    Resource(
        "issues",
        ("issues", "approvals", "issue_changelog"),
        "window",
        lag=timedelta(days=1),
        description="Issues updated in the window, with all their approvals and changes.",
    ),
    Resource("users", ("users",), "snapshot", description="All users, inactive ones and applications included."),
    Resource("statuses", ("statuses",), "snapshot", description="Statuses with their categories."),
)
FIELDS = (
    "summary", "project", "issuetype", "status", "resolution", "resolutiondate", "created", "updated", "creator",
    "reporter", "assignee", "labels", "components", "parent", "issuelinks",
)  # fmt: skip
ISSUES, HISTORIES, APPROVALS, USERS = 100, 1000, 50, 1000
"""Page sizes."""
REQUEST_TYPE = "com.atlassian.servicedesk:vp-origin"
"""Kind of the custom field that holds a request's type; its name is translated."""
REPEATS = 3
"""How often the list of users is read again when it changed while it was read."""


def source(instance: JiraInstance, collections: Mapping[str, Collection]) -> DltSource:
    """Make the dlt source that fills the given collections.

    Args:
        instance: The Jira site.
        collections: Collection by resource name; a resource that is not named is not collected.
    """
    import dlt

    @dlt.source(name="jira", max_table_nesting=0)
    def jira() -> Iterator[Any]:
        for name, collection in collections.items():
            yield dlt.resource(_collect(instance, name, collection), name=name, write_disposition="append")

    return jira()


def client_of(instance: JiraInstance, collection: Collection | None = None) -> RESTClient:
    """A client with e-mail address and API token by HTTP basic authentication."""
    token = secret(instance.instance, "token")
    register_secret(f"{instance.email}:{token}")
    auth = HTTPBasicAuth(instance.email, token)
    return rest_client(instance, instance.base_url, {"Accept": "application/json"}, collection, auth=auth)


def fields_of(client: RESTClient) -> list[Record]:
    """All fields of the site."""
    known: list[Record] = client.get("rest/api/3/field").json()
    return known


def resolve_fields(instance: JiraInstance, known: list[Record]) -> dict[str, str | None]:
    """The id of the custom field behind each name of `JiraFields`; None where the site has no such field.

    Raises:
        SourceError: Several fields have the configured name.
    """
    found: dict[str, str | None] = {}
    for meaning, wanted in instance.fields.model_dump().items():
        ids = [field["id"] for field in known if wanted == field["id"]]
        ids = ids or [field["id"] for field in known if wanted and field["name"].casefold() == wanted.casefold()]
        if len(ids) > 1:
            raise SourceError(
                f"{instance.instance}: {len(ids)} fields are named {wanted!r}.",
                f"Name one by its id: {', '.join(ids)}.",
            )
        found[meaning] = ids[0] if ids else None
    return found


def probe_project(instance: JiraInstance, client: RESTClient, project: str) -> Record:
    """The project, if its issues may be browsed.

    Raises:
        NotPermitted: It does not exist, or its issues may not be browsed: Jira does not tell the two apart.
    """
    remedy = "Check the key, and give the token's account the permission Browse Projects in the project."
    try:
        found: Record = client.get(f"rest/api/3/project/{project}").json()
        asked = {"projectKey": project, "permissions": "BROWSE_PROJECTS"}
        answer = client.get("rest/api/3/mypermissions", params=asked).json()
    except NotFound:
        raise NotPermitted(f"{instance.instance}: project {project} is not there for this account.", remedy) from None
    if not answer["permissions"].get("BROWSE_PROJECTS", {}).get("havePermission"):
        raise NotPermitted(f"{instance.instance}: issues of project {project} may not be browsed.", remedy)
    return found


def _collect(instance: JiraInstance, name: str, collection: Collection) -> Iterator[Any]:
    client = client_of(instance, collection)
    try:
        if name == "issues":
            yield from _issues(instance, client, collection)
        else:
            yield from (
                _users(instance, client, collection) if name == "users" else _statuses(instance, client, collection)
            )
    except NotPermitted as error:
        collection.permission = Permission("denied", str(error))
        raise


def _issues(instance: JiraInstance, client: RESTClient, collection: Collection) -> Iterator[Any]:
    import dlt

    projects = [probe_project(instance, client, project) for project in instance.projects]
    desks = {project["key"] for project in projects if project.get("projectTypeKey") == "service_desk"}
    known = fields_of(client)
    fields = resolve_fields(instance, known)
    asks = _Approvals(client, collection, known)
    jql = _jql(instance, collection, client.get("rest/api/3/myself").json().get("timeZone", "UTC"))
    collection.source_total = client.post("rest/api/3/search/approximate-count", json={"jql": jql}).json().get("count")
    asked = [*FIELDS, *(field for field in (*fields.values(), asks.request_type) if field)]
    collection.parameters.update(jql=jql, fields=asked, custom_fields=fields)
    rows = 0
    for page in _search(client, jql, asked):
        collection.page_done()
        rows += len(page)
        yield dlt.mark.with_table_name(collection.page("issues", issues_of(instance, fields, page)), "issues")
        for made in asks.of([row for row in page if row["key"].rsplit("-", 1)[0] in desks]):
            yield dlt.mark.with_table_name(made, "approvals")
        for made in _changelog(client, collection, page):
            yield dlt.mark.with_table_name(made, "issue_changelog")
    if not rows and collection.source_total:
        raise NotPermitted(
            f"{instance.instance}: Jira counts {collection.source_total} issues and shows none.",
            "Check the issue-level security of the projects, then collect again.",
        )
    absent = [meaning for meaning, field in fields.items() if field is None]
    detail = f"projects {', '.join(instance.projects)} may be browsed"
    detail += f"; no field for {', '.join(absent)}" if absent else ""
    collection.permission = asks.permission(detail)


def _jql(instance: JiraInstance, collection: Collection, zone: str) -> str:
    """The window by last update, widened to whole minutes, in the account's zone as JQL reads it."""
    quoted = ", ".join(f'"{project}"' for project in instance.projects)
    end = collection.window.end + timedelta(seconds=59)
    terms = [f"project in ({quoted})", f'updated < "{_minute(end, zone)}"']
    if collection.window.start is not None:
        terms.insert(1, f'updated >= "{_minute(collection.window.start, zone)}"')
    return f"{' AND '.join(terms)} ORDER BY updated ASC"


def _minute(when: datetime, zone: str) -> str:
    return when.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def _search(client: RESTClient, jql: str, fields: list[str]) -> Iterator[list[Record]]:
    token: str | None = None
    seen: set[str] = set()
    while True:
        asked = {"jql": jql, "fields": fields, "maxResults": ISSUES}
        body = client.post("rest/api/3/search/jql", json=asked | ({"nextPageToken": token} if token else {})).json()
        yield body.get("issues", [])
        token = body.get("nextPageToken")
        if not token or body.get("isLast"):
            return
        if token in seen:
            raise SourceError("Jira's search gave the same page token twice.", "Collect again.")
        seen.add(token)


class _Approvals:
    """Approvals of the issues that are requests of a service desk; one chain of requests per issue.

    An issue of a service project need not be a request: made inside Jira, it has no request type, and the service
    desk's API refuses it with 403 or 404. The field of the request type, which a site with a service desk has, tells
    such an issue from a request that this account may not see.

    Attributes:
        request_type: Id of that field; None where the site has none.
    """

    def __init__(self, client: RESTClient, collection: Collection, known: list[Record]) -> None:
        self.client, self.collection = client, collection
        ids = [field["id"] for field in known if (field.get("schema") or {}).get("custom") == REQUEST_TYPE]
        self.request_type: str | None = ids[0] if ids else None
        self._unasked = 0
        self._hidden = 0

    def of(self, issues: list[Record]) -> Iterator[pa.Table]:
        """Pages of approvals.

        Raises:
            NotPermitted: Those of a request are refused.
        """
        for issue in issues:
            try:
                yield from self._pages(issue)
            except (NotFound, NotPermitted) as error:
                self._note(issue, error)

    def _pages(self, issue: Record) -> Iterator[pa.Table]:
        start, last = 0, False
        while not last:
            params = {"start": start, "limit": APPROVALS}
            body = self.client.get(f"rest/servicedeskapi/request/{issue['id']}/approval", params=params).json()
            yield self.collection.page("approvals", approvals_of(issue, body["values"]))
            start += len(body["values"])
            last = body.get("isLastPage", True) or not body["values"]

    def _note(self, issue: Record, error: SourceError) -> None:
        """An issue that is no request has no approvals; a request may be deleted meanwhile (404), but not refused."""
        is_known = self.request_type is not None
        is_request = is_known and issue["fields"].get(self.request_type) is not None
        if isinstance(error, NotPermitted) and (is_request or not is_known):
            raise NotPermitted(error.message, "Make the token's account an agent of the service project.") from None
        self.collection.parameters.setdefault("without_approvals", []).append(issue["key"])
        self._hidden += is_request
        self._unasked += is_known and not is_request

    def permission(self, detail: str) -> Permission:
        """What is to be said of all issues, and of those without approvals."""
        if self._unasked:
            detail += f"; {self._unasked} issues of service projects have no request type, and so no approvals"
        if self._hidden:
            return Permission("unknown", f"{detail}; approvals of {self._hidden} requests are not shown (404)")
        return Permission("granted", detail)


def _changelog(client: RESTClient, collection: Collection, issues: list[Record]) -> Iterator[pa.Table]:
    token: str | None = None
    asked: Record = {"issueIdsOrKeys": [row["id"] for row in issues], "maxResults": HISTORIES}
    while issues:
        body = client.post(
            "rest/api/3/changelog/bulkfetch", json=asked | ({"nextPageToken": token} if token else {})
        ).json()
        yield collection.page("issue_changelog", changelog_of(body.get("issueChangeLogs", [])))
        previous, token = token, body.get("nextPageToken")
        if not token:
            return
        if token == previous:
            raise SourceError("Jira's changelog gave the same page token twice.", "Collect again.")


def _users(instance: JiraInstance, client: RESTClient, collection: Collection) -> Iterator[pa.Table]:
    """All users by offset; pages overlap by one user, so that a list which shifted meanwhile is noticed and reread."""
    path = "rest/api/3/users/search"
    collection.parameters.update(path=path, rereads=0)
    rows: dict[str, Record] = {}
    for _ in range(REPEATS):
        rows, whole = _read_users(client, collection, path)
        if whole:
            break
        collection.parameters["rereads"] += 1
    else:
        raise SourceError(f"{instance.instance}: the list of users kept changing while it was read.", "Collect again.")
    if not rows:
        raise NotPermitted(
            f"{instance.instance}: Jira shows no users, not even the account that asks.",
            "Give the token's account the global permission Browse users and groups.",
        )
    collection.permission = Permission("granted", "Jira shows its users; e-mail addresses by each user's own setting")
    yield collection.page("users", ((key, None, row) for key, row in rows.items()))


def _read_users(client: RESTClient, collection: Collection, path: str) -> tuple[dict[str, Record], bool]:
    """(users by account id, whether each page joined the one before)."""
    rows: dict[str, Record] = {}
    start, last = 0, ""
    while True:
        page = {
            row["accountId"]: row for row in client.get(path, params={"startAt": start, "maxResults": USERS}).json()
        }
        collection.page_done()
        if last and last not in page:
            return rows, False
        if not page.keys() - rows.keys():
            return rows, True
        rows |= page
        start += len(page) - 1
        last = next(reversed(page))


def _statuses(instance: JiraInstance, client: RESTClient, collection: Collection) -> Iterator[pa.Table]:
    collection.parameters.update(path="rest/api/3/status")
    rows = client.get("rest/api/3/status").json()
    collection.page_done()
    if not rows:
        raise NotPermitted(
            f"{instance.instance}: Jira shows no statuses, which no site has.",
            "Give the token's account the permission Browse Projects.",
        )
    collection.permission = Permission("granted", "statuses of the workflows in use")
    yield collection.page("statuses", ((str(row["id"]), None, row) for row in rows))
