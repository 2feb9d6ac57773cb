"""Okta's management API over the demo store: opaque cursors, page limits, 90 days of system log, Okta's error codes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ingestion.demo.server import Request, Response, Route
from ingestion.demo.store import Payload, instant

if TYPE_CHECKING:
    from ingestion.demo.server import DemoServer

RETENTION = timedelta(days=90)
DEFAULT_LOG_WINDOW = timedelta(days=7)
_ERRORS = {
    400: ("E0000001", "Api validation failed"),
    401: ("E0000011", "Invalid token provided"),
    403: ("E0000006", "You do not have permission to perform the requested action"),
    404: ("E0000007", "Not found: Resource not found"),
    429: ("E0000047", "API call exceeded rate limit due to too many requests."),
    500: ("E0000009", "Internal Server Error"),
}
_STATUS_FILTER = re.compile(r'status eq "([A-Z_]+)"')
_OWNER = {"id": "00ucollector0000000x7", "status": "ACTIVE", "profile": {"login": "evidence@harbor.example"}}
_LIMIT_PER_MINUTE = 600


def routes(server: DemoServer) -> list[Route]:
    """Routes below `/okta`."""
    del server
    return [
        ("GET", r"/api/v1/users/me", _me),
        ("GET", r"/api/v1/users", _users),
        ("GET", r"/api/v1/users/(?P<id>[^/]+)/roles", _roles),
        ("GET", r"/api/v1/groups", _groups),
        ("GET", r"/api/v1/groups/(?P<id>[^/]+)/users", _group_members),
        ("GET", r"/api/v1/apps", _apps),
        ("GET", r"/api/v1/apps/(?P<id>[^/]+)/users", _app_users),
        ("GET", r"/api/v1/apps/(?P<id>[^/]+)/groups", _app_groups),
        ("GET", r"/api/v1/iam/assignees/users", _assignees),
        ("GET", r"/api/v1/api-tokens", _api_tokens),
        ("GET", r"/api/v1/logs", _logs),
    ]


def guard(request: Request) -> Response | None:
    """Check `Authorization: SSWS <token>`; the unprivileged token may only ask who it is."""
    given = request.headers.get("authorization", "")
    server = request.server
    request.privileged = given == f"SSWS {server.tokens['okta']}"
    if request.privileged:
        return None
    if given != f"SSWS {server.unprivileged['okta']}":
        return _error(401)
    return None if request.path == "/api/v1/users/me" else _error(403)


def fault(kind: str, request: Request) -> Response | None:
    """Okta's shape of a refusal; the reset is an epoch by the simulated clock."""
    if kind == "429":
        response = _error(429)
        reset = int(request.clock.timestamp()) + 30
        response.headers |= _rate_limit(0, reset)
        return response
    if kind in ("401", "403", "500"):
        return _error(int(kind))
    return None


def _error(status: int, cause: str = "") -> Response:
    code, summary = _ERRORS[status]
    causes = [{"errorSummary": cause}] if cause else []
    body = {"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oaedemo", "errorCauses": causes}
    return Response(status, json=body)


def _rate_limit(remaining: int, reset: int) -> dict[str, str]:
    return {
        "X-Rate-Limit-Limit": str(_LIMIT_PER_MINUTE),
        "X-Rate-Limit-Remaining": str(remaining),
        "X-Rate-Limit-Reset": str(reset),
    }


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"p{position}".encode()).decode().rstrip("=")


def _position(request: Request) -> int | None:
    """Where the page starts; None for a cursor that this server did not give."""
    after = request.query.get("after", "")
    if not after:
        return 0
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return int(text[1:]) if re.fullmatch(r"p\d+", text) else None


def _page(request: Request, rows: Sequence[Payload], default: int, maximum: int) -> Response:
    """One page as an array, with `Link` headers; a limit above the maximum is capped."""
    limit = min(request.integer("limit", default) or default, maximum)
    start = _position(request)
    if start is None:
        return _error(400, "after: Invalid cursor.")
    page, end = request.page(rows, start, limit)
    links = [f'<{request.base_url}{request.path}>; rel="self"']
    if end < len(rows):
        links.append(f'<{request.next_url(after=_cursor(end), limit=limit)}>; rel="next"')
    headers = {"Link": ", ".join(links)}
    headers |= _rate_limit(_LIMIT_PER_MINUTE - 1, int(request.clock.timestamp()) + 60)
    return Response(200, headers, body=request.server.array(page))


def _me(request: Request) -> Response:
    del request
    return Response(200, json=_OWNER)


def _users(request: Request) -> Response:
    rows = request.server.store.group("okta.users", request.clock, "status")
    wanted = request.query.get("filter")
    if wanted is not None:
        match = _STATUS_FILTER.fullmatch(wanted)
        if match is None:
            return _error(400, f"Invalid search criteria: {wanted}")
        return _page(request, rows.get(match[1], []), 200, 200)
    everyone = request.server.store.at("okta.users", request.clock)
    shown = [row for row in everyone if row["status"] != "DEPROVISIONED"] if "DEPROVISIONED" in rows else everyone
    return _page(request, shown, 200, 200)


def _groups(request: Request) -> Response:
    return _page(request, request.server.store.at("okta.groups", request.clock), 10000, 10000)


def _apps(request: Request) -> Response:
    return _page(request, request.server.store.at("okta.apps", request.clock), 20, 200)


def _api_tokens(request: Request) -> Response:
    return _page(request, request.server.store.at("okta.api_tokens", request.clock), 200, 200)


def _below(request: Request, parents: str, children: str, key: str, default: int, maximum: int) -> Response:
    store, clock, parent = request.server.store, request.clock, request.args["id"]
    if store.get(parents, clock, parent) is None:
        return _error(404)
    return _page(request, store.group(children, clock, f"_context.{key}").get(parent, []), default, maximum)


def _group_members(request: Request) -> Response:
    return _below(request, "okta.groups", "okta.group_members", "group_id", 1000, 1000)


def _app_users(request: Request) -> Response:
    return _below(request, "okta.apps", "okta.app_users", "app_id", 50, 500)


def _app_groups(request: Request) -> Response:
    return _below(request, "okta.apps", "okta.app_groups", "app_id", 20, 200)


def _assignees(request: Request) -> Response:
    """Users with roles; unlike everywhere else the next link stands in the body."""
    by_user = request.server.store.group("okta.role_assignments", request.clock, "_context.user_id")
    ids = [str(user) for user in by_user]
    start = _position(request)
    if start is None:
        return _error(400, "after: Invalid cursor.")
    limit = min(request.integer("limit", 100) or 100, 100)
    page, end = request.page(ids, start, limit)
    body: dict[str, Any] = {"value": [{"id": user, "orn": f"orn:okta:directory:demo:users:{user}"} for user in page]}
    body["_links"] = {"next": {"href": request.next_url(after=_cursor(end), limit=limit)}} if end < len(ids) else {}
    return Response(200, json=body)


def _roles(request: Request) -> Response:
    store, user = request.server.store, request.args["id"]
    if user == _OWNER["id"]:
        return Response(200, json=[{"id": "ra1collector", "type": "SUPER_ADMIN", "status": "ACTIVE"}])
    rows = store.group("okta.role_assignments", request.clock, "_context.user_id").get(user)
    if rows is None and store.get("okta.users", request.clock, user) is None:
        return _error(404)
    return Response(200, body=request.server.array(rows or []))


def _logs(request: Request) -> Response:
    """Events from `since` (default: a week before `until`) to `until`, no further back than the retention."""
    if request.integer("limit", 100) > 1000:
        return _error(400, "limit: must be at most 1000.")
    until = min(_time(request, "until") or request.clock, request.clock)
    since = _time(request, "since") or until - DEFAULT_LOG_WINDOW
    since = max(since, request.clock - RETENTION)
    rows = request.server.store.between("okta.system_log", since, until, "published", request.clock)
    if request.query.get("sortOrder", "ASCENDING") == "DESCENDING":
        rows = rows[::-1]
    return _page(request, rows, 100, 1000)


def _time(request: Request, name: str) -> datetime | None:
    text = request.query.get(name)
    return instant(text) if text else None
