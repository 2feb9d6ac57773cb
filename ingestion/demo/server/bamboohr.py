"""BambooHR's API over the demo store: custom reports and tables, hidden fields left empty, 503 as rate limit."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from ingestion.demo.server import Request, Response, Route
from ingestion.demo.store import Payload

if TYPE_CHECKING:
    from ingestion.demo.server import DemoServer

_TABLES = {"employmentStatus": "bamboohr.employment_status", "jobInfo": "bamboohr.job_info"}
_CUSTOM = {
    "customTerminationRecordedAt": "termination_recorded_at",
    "customTerminationInstant": "termination_instant",
}
"""Custom fields of the demo company; a store may hold their values under `_context` instead of in the record."""
_PUBLIC = {"id", "displayName", "firstName", "lastName", "department", "jobTitle", "location", "workEmail"}
"""What an unprivileged key may see: the directory."""


def routes(server: DemoServer) -> list[Route]:
    """Routes below `/bamboohr`."""
    del server
    company = r"/api/gateway\.php/harbor/v1"
    return [
        ("POST", company + r"/reports/custom", _report),
        ("GET", company + r"/employees/all/tables/(?P<table>\w+)", _table),
    ]


def guard(request: Request) -> Response | None:
    """Check HTTP basic authentication: the key is the user, the password is any text."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        key = base64.b64decode(encoded).decode().partition(":")[0] if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        key = ""
    request.privileged = key == request.server.tokens["bamboohr"]
    if request.privileged or key == request.server.unprivileged["bamboohr"]:
        return None
    return Response(401, {"X-BambooHR-Error-Message": "Invalid API key"}, body=b"")


def fault(kind: str, request: Request) -> Response | None:
    """BambooHR's shapes: its rate limit is a 503 with `Retry-After`."""
    if kind == "429":
        return Response(503, {"Retry-After": "7"}, body=b"")
    if kind == "empty-no-permission":
        empty: Any = {"title": "", "fields": [], "employees": []} if request.path.endswith("/custom") else []
        return Response(200, json=empty)
    if kind in ("401", "403", "500"):
        return Response(int(kind), {"X-BambooHR-Error-Message": "refused"}, body=b"")
    return None


def _report(request: Request) -> Response:
    if request.query.get("format", "").upper() != "JSON":
        return Response(400, {"X-BambooHR-Error-Message": "this server speaks JSON only"}, body=b"")
    asked = [str(name) for name in (request.json() or {}).get("fields", [])]
    rows = request.server.store.at("bamboohr.employees", request.clock)
    if request.query.get("onlyCurrent", "true") != "false":
        rows = [row for row in rows if row.get("status") != "Inactive"]
    known = {name for row in rows for name in row if name != "_context"} | set(_CUSTOM) | {"id"}
    fields = [name for name in asked if name in known and (request.privileged or name in _PUBLIC)]
    names = dict.fromkeys(["id", *fields])
    employees = [{name: _value(row, name) for name in names} for row in rows]
    columns = [{"id": name, "type": "text", "name": name} for name in fields]
    title = str(request.json().get("title", ""))
    return Response(200, json={"title": title, "fields": columns, "employees": employees})


def _value(row: Payload, name: str) -> Any:
    if name in row:
        return row[name]
    return row.get("_context", {}).get(_CUSTOM.get(name, ""))


def _table(request: Request) -> Response:
    table = _TABLES.get(request.args["table"])
    if table is None:
        return Response(404, {"X-BambooHR-Error-Message": "Table not found"}, body=b"")
    if not request.privileged:
        return Response(403, {"X-BambooHR-Error-Message": "No access to this table"}, body=b"")
    return Response(200, body=request.server.array(request.server.store.at(table, request.clock)))
