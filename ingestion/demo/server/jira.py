"""Jira Cloud's and Service Management's API over the demo store: JQL by project and update, page tokens, offsets."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ingestion.demo.server import Request, Response, Route
from ingestion.demo.store import Payload, instant

if TYPE_CHECKING:
    from ingestion.demo.server import DemoServer

ZONE = ZoneInfo("America/New_York")
"""Zone of the account behind the token, in which JQL reads its times."""
CUSTOM_FIELDS = {
    "customfield_10101": "Beneficiary",
    "customfield_10102": "Entitlements",
    "customfield_10103": "Access expires at",
    "customfield_10104": "Change references",
}
"""Custom fields of the demo company; where an issue of the store lacks them, they are made from its `_context`."""
_MAX_ISSUES, _MAX_USERS, _MAX_APPROVALS, _MAX_HISTORIES = 100, 1000, 50, 1000
_PROJECTS = re.compile(r"project (?:in \(([^)]*)\)|= (\S+))", re.IGNORECASE)
_BOUND = re.compile(r'updated (>=|<) "(\d{4}-\d{2}-\d{2} \d{2}:\d{2})"')


def routes(server: DemoServer) -> list[Route]:
    """Routes below `/jira`."""
    del server
    return [
        ("GET", r"/rest/api/3/myself", _myself),
        ("GET", r"/rest/api/3/mypermissions", _mypermissions),
        ("GET", r"/rest/api/3/field", _fields),
        ("GET", r"/rest/api/3/status", _statuses),
        ("GET", r"/rest/api/3/project/(?P<key>[^/]+)", _project),
        ("POST", r"/rest/api/3/search/jql", _search),
        ("POST", r"/rest/api/3/search/approximate-count", _count),
        ("POST", r"/rest/api/3/changelog/bulkfetch", _changelog),
        ("GET", r"/rest/api/3/users/search", _users),
        ("GET", r"/rest/servicedeskapi/request/(?P<issue>[^/]+)/approval", _approvals),
    ]


def guard(request: Request) -> Response | None:
    """Check HTTP basic authentication: e-mail address (any) and token."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        token = base64.b64decode(encoded).decode().partition(":")[2] if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        token = ""
    request.privileged = token == request.server.tokens["jira"]
    if request.privileged or token == request.server.unprivileged["jira"]:
        return None
    return _error(401, "Client must be authenticated to access this resource.")


def fault(kind: str, request: Request) -> Response | None:
    """Jira's shapes; without permission, lists are empty and the probes say so."""
    if kind == "429":
        return Response(429, {"Retry-After": "5"}, {"errorMessages": ["Rate limit exceeded"]})
    if kind in ("401", "403", "500"):
        return _error(int(kind), "refused")
    if kind == "empty-no-permission":
        request.privileged = False
        if request.path.endswith("/users/search"):
            return Response(200, json=[])
        for method, pattern, handler in routes(request.server):
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method:
                request.args = match.groupdict()
                return handler(request)
    return None


def _error(status: int, message: str) -> Response:
    return Response(status, json={"errorMessages": [message], "errors": {}})


def _myself(request: Request) -> Response:
    del request
    account = {"accountId": "5bcollector", "displayName": "Evidence collector", "timeZone": ZONE.key, "active": True}
    return Response(200, json=account)


def _fields(request: Request) -> Response:
    del request
    fields = [{"id": name, "name": name.capitalize(), "custom": False} for name in ("summary", "status", "updated")]
    fields += [{"id": key, "name": name, "custom": True} for key, name in CUSTOM_FIELDS.items()]
    return Response(200, json=fields)


def _statuses(request: Request) -> Response:
    rows = request.server.store.at("jira.statuses", request.clock) if request.privileged else []
    return Response(200, body=request.server.array(rows))


def _known_projects(request: Request) -> set[str]:
    """Projects of the site: every prefix of an issue key that the store has at any time."""
    versions = request.server.store.tables.get("jira.issues", [])
    return {str(version.payload["key"]).rpartition("-")[0] for version in versions}


def _project(request: Request) -> Response:
    key = request.args["key"]
    if not request.privileged or key not in _known_projects(request):
        return _error(404, f"No project could be found with key '{key}'.")
    return Response(200, json={"id": "10001", "key": key, "name": key, "projectTypeKey": "service_desk"})


def _mypermissions(request: Request) -> Response:
    asked = request.query.get("permissions", "")
    if not asked:
        return _error(400, "The 'permissions' query parameter is required.")
    project = request.query.get("projectKey")
    if project is not None and (not request.privileged or project not in _known_projects(request)):
        return _error(404, f"No project could be found with key '{project}'.")
    found = {name: {"key": name, "havePermission": request.privileged} for name in asked.split(",")}
    return Response(200, json={"permissions": found})


def _matching(request: Request) -> list[Payload] | None:
    """Issues that the JQL of the body finds, oldest update first; None for a JQL beyond this server."""
    jql = str((request.json() or {}).get("jql", ""))
    named = _PROJECTS.search(jql)
    if named is None:
        return None
    if not request.privileged:
        return []
    projects = {part.strip(' "') for part in (named[1] or named[2]).split(",")}
    bounds = {
        sign: datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE) for sign, text in _BOUND.findall(jql)
    }
    start = bounds[">="].astimezone(UTC) if ">=" in bounds else None
    end = bounds["<"].astimezone(UTC) if "<" in bounds else datetime.max.replace(tzinfo=UTC)
    rows = request.server.store.between("jira.issues", start, end, "fields.updated", request.clock)
    return [row for row in rows if str(row["key"]).rpartition("-")[0] in projects]


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"next:{position}".encode()).decode()


def _position(token: str | None) -> int:
    return int(base64.urlsafe_b64decode(token).decode().partition(":")[2]) if token else 0


def _search(request: Request) -> Response:
    rows = _matching(request)
    if rows is None:
        return _error(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    body = request.json()
    start = _position(body.get("nextPageToken"))
    page, end = request.page(rows, start, min(int(body.get("maxResults", 50)), _MAX_ISSUES))
    wanted = body.get("fields", ["id"])
    answer: dict[str, Any] = {"issues": [_issue(row, wanted) for row in page], "isLast": end >= len(rows)}
    if end < len(rows):
        answer["nextPageToken"] = _token(end)
    return Response(200, json=answer)


def _issue(row: Payload, wanted: list[str]) -> Payload:
    """The issue with the fields that were asked for."""
    stored, context = row["fields"], row.get("_context", {})
    shown = {name: stored[name] for name in wanted if name in stored}
    for name in wanted:
        if name in CUSTOM_FIELDS and name not in shown:
            shown[name] = _custom(CUSTOM_FIELDS[name], context)
    return {name: value for name, value in row.items() if name not in ("fields", "_context")} | {"fields": shown}


def _custom(name: str, context: Payload) -> Any:
    """A custom field's value in the shape of its type, from what it means."""
    if name == "Beneficiary":
        account, email = context.get("beneficiary_account_id"), context.get("beneficiary_email")
        return {"accountId": account, "emailAddress": email} if account else email
    if name == "Entitlements":
        return context.get("entitlements")
    return context.get("expires_at" if name == "Access expires at" else "change_refs")


def _count(request: Request) -> Response:
    rows = _matching(request)
    if rows is None:
        return _error(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    return Response(200, json={"count": len(rows)})


def _changelog(request: Request) -> Response:
    """Changes of up to 1000 issues, oldest first; `created` is an epoch in milliseconds here."""
    body = request.json()
    asked = [str(issue) for issue in body.get("issueIdsOrKeys", [])]
    if not 0 < len(asked) <= 1000:
        return _error(400, "Between 1 and 1000 issues can be requested.")
    by_issue = request.server.store.group("jira.issue_changelog", request.clock, "_context.issue_id")
    rows = [row for issue in asked for row in by_issue.get(issue, [])] if request.privileged else []
    rows.sort(key=lambda row: (_epoch(row["created"]), row["_context"]["issue_id"]))
    start = _position(body.get("nextPageToken"))
    page, end = request.page(rows, start, min(int(body.get("maxResults", 1000)), _MAX_HISTORIES))
    logs: dict[str, list[Payload]] = {}
    for row in page:
        shown = {name: value for name, value in row.items() if name != "_context"} | {"created": _epoch(row["created"])}
        logs.setdefault(row["_context"]["issue_id"], []).append(shown)
    answer: dict[str, Any] = {
        "issueChangeLogs": [{"issueId": issue, "changeHistories": histories} for issue, histories in logs.items()]
    }
    if end < len(rows):
        answer["nextPageToken"] = _token(end)
    return Response(200, json=answer)


def _epoch(created: str | int) -> int:
    return created if isinstance(created, int) else int(instant(created).timestamp() * 1000)


def _users(request: Request) -> Response:
    if not request.privileged:
        return _error(403, "You do not have permission to browse users.")
    rows = request.server.store.at("jira.users", request.clock)
    limit = min(request.integer("maxResults", 50), _MAX_USERS)
    page, _ = request.page(rows, request.integer("startAt", 0), limit)
    return Response(200, body=request.server.array(page))


def _approvals(request: Request) -> Response:
    store, asked = request.server.store, request.args["issue"]
    issue = store.get("jira.issues", request.clock, asked)
    if issue is None:
        issue = next(iter(store.group("jira.issues", request.clock, "key").get(asked, [])), None)
    if issue is None or not request.privileged:
        return Response(404, json={"errorMessage": "The request does not exist, or you may not see it."})
    rows = store.group("jira.approvals", request.clock, "_context.issue_id").get(str(issue["id"]), [])
    start, limit = request.integer("start", 0), min(request.integer("limit", 50), _MAX_APPROVALS)
    page, end = request.page(rows, start, limit)
    envelope = {"size": len(page), "start": start, "limit": limit, "isLastPage": end >= len(rows)}
    return Response(200, body=request.server.envelope("values", page, **envelope))
