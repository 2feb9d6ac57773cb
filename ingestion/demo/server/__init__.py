"""Loopback server of the demo company: speaks the vendors' own HTTP APIs over a `Store`, as at a settable clock.

One module per vendor (`ingestion/demo/server/<vendor>.py`), loaded when the first request for it arrives. It exposes
`routes(server) -> list[(method, regex, handler)]`: the regex must match the whole path after the vendor's prefix, its
named groups arrive in `Request.args`, and `handler(request) -> Response`. Two optional hooks keep vendors' manners out
of here: `guard(request) -> Response | None` checks the credentials before any handler and sets `Request.privileged`;
`fault(kind, request) -> Response | None` gives an injected fault the vendor's own shape.
"""

from __future__ import annotations

import importlib
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingestion.demo.server.transport import Listener
from ingestion.demo.store import Payload, Store

FaultKind = Literal[
    "429", "403-secondary", "500", "drop", "cut", "duplicate-page", "drift", "foreign-next", "empty-no-permission",
    "401", "403",
]  # fmt: skip
VENDORS = ("okta", "github", "bamboohr", "jira")
_INSTEAD: tuple[FaultKind, ...] = ("drop", "429", "403-secondary", "500", "401", "403", "empty-no-permission")
Row = TypeVar("Row")


@dataclass
class Fault:
    """One planned misbehaviour of the server.

    `429`, `403-secondary`, `500`, `401`, `403`, `empty-no-permission` answer instead of the route; `drop` closes the
    connection without an answer, `cut` in the middle of one; `duplicate-page` repeats the end of the page before,
    `drift` behaves as if a record of an earlier page had been deleted meanwhile, so that an offset skips one;
    `foreign-next` puts another host into the link to the next page.

    Attributes:
        match: Regular expression searched in `<METHOD> <path with vendor prefix and query>`.
        kind: What goes wrong.
        times: How often at most.
        every: Which of the matching requests: 1 = each, 3 = the third, sixth, …
    """

    match: str
    kind: FaultKind
    times: int = 1
    every: int = 1
    seen: int = 0
    used: int = 0

    def strikes(self, target: str) -> bool:
        """Count a request, and say whether it is hit."""
        if self.used >= self.times or not re.search(self.match, target):
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.used += 1
        return True


@dataclass
class Response:
    """An answer: `json` is encoded, `body` is sent as it is and wins."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    body: bytes | None = None
    cut: bool = False

    def content(self) -> bytes:
        """Bytes of the body; none where neither `json` nor `body` was given and the status has no body."""
        if self.body is not None:
            return self.body
        if self.json is None and self.status in (204, 304):
            return b""
        return json.dumps(self.json, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass
class Request:
    """One request as a route sees it; `path` is without the vendor's prefix, header names are lower case."""

    server: DemoServer
    vendor: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    clock: datetime
    args: dict[str, str] = field(default_factory=dict)
    privileged: bool = True
    target: str = ""

    def json(self) -> Any:
        """The body as JSON; None where there is none."""
        return json.loads(self.body) if self.body else None

    def integer(self, name: str, default: int) -> int:
        """A number of the query; the default where it is missing or no number."""
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() else default

    @property
    def base_url(self) -> str:
        """The vendor's base URL, e.g. `http://127.0.0.1:41003/okta`."""
        return f"{self.server.url}/{self.vendor}"

    def fault(self, kind: FaultKind) -> bool:
        """Whether an injected fault of this kind hits this request (counts it)."""
        return any(fault.kind == kind and fault.strikes(self.target) for fault in self.server.faults)

    def page(self, rows: Sequence[Row], start: int, limit: int) -> tuple[list[Row], int]:
        """One page of `rows` from `start`, and the start of the next page; applies `duplicate-page` and `drift`.

        There is a next page if the returned start is less than `len(rows)`.
        """
        end = start + limit
        if start > 0 and self.fault("duplicate-page"):
            return list(rows[max(0, start - limit) : end]), end
        if start > 0 and self.fault("drift"):
            return list(rows[start + 1 : end + 1]), end + 1
        return list(rows[start:end]), end

    def next_url(self, **changes: str | int) -> str:
        """This request's URL with changed query parameters; `foreign-next` moves it to another host."""
        query = urlencode({**self.query, **{name: str(value) for name, value in changes.items()}})
        base = f"http://localhost:{self.server.port}/{self.vendor}" if self.fault("foreign-next") else self.base_url
        return f"{base}{self.path}?{query}"


Handler = Callable[[Request], Response]
Route = tuple[str, str, Handler]


@dataclass(frozen=True)
class LogEntry:
    """One request that arrived, for tests: what was asked, of which host, with credentials or not, and the answer."""

    method: str
    target: str
    host: str
    authorized: bool
    status: int
    clock: datetime


class _Vendor:
    """Routes and hooks of one vendor's module."""

    def __init__(self, name: str, server: DemoServer) -> None:
        self.guard: Callable[[Request], Response | None] | None = None
        self.fault: Callable[[str, Request], Response | None] | None = None
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []
        module_name = f"{__name__}.{name}"
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name != module_name:
                raise
            return
        self.guard = getattr(module, "guard", None)
        self.fault = getattr(module, "fault", None)
        self.routes = [(method, re.compile(pattern), handler) for method, pattern, handler in module.routes(server)]


class DemoServer:
    """Context manager: serves a store on 127.0.0.1 at a free port until it is left.

    Attributes:
        store: What the vendors hold.
        folder: The generated company's folder, for routes that need its files; None where there is none.
        clock: "Now" of all vendors; set it to the tick that is to be collected.
        tokens: Full token by vendor; `unprivileged` holds one that may log in and see little.
        faults: Planned misbehaviour; change it at any time.
        log: Requests that arrived.
    """

    def __init__(self, store: Store, folder: Path | None = None, clock: datetime | None = None) -> None:
        self.store = store
        self.folder = folder
        self.tokens = {vendor: f"demo-{vendor}-token" for vendor in VENDORS}
        self.unprivileged = {vendor: f"demo-{vendor}-token-unprivileged" for vendor in VENDORS}
        self.faults: list[Fault] = []
        self.log: list[LogEntry] = []
        self._clock = clock
        self._lock = threading.RLock()
        self._vendors: dict[str, _Vendor] = {}
        self._encoded: dict[int, tuple[Payload, bytes]] = {}
        self._listener = Listener(self._answer)
        self.port = self._listener.port
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def clock(self) -> datetime:
        """Now, for the vendors; while it is not set, the last instant at which anything in the store began."""
        if self._clock is None:
            begun = (version.valid_from for versions in self.store.tables.values() for version in versions)
            self._clock = max(begun, default=datetime.fromtimestamp(0, UTC))
        return self._clock

    @clock.setter
    def clock(self, now: datetime) -> None:
        with self._lock:
            self._clock = now

    def __enter__(self) -> DemoServer:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.stop()

    def encode(self, row: Payload) -> bytes:
        """A record as the vendor sends it: JSON without `_context`, encoded once per record version."""
        known = self._encoded.get(id(row))
        if known is not None and known[0] is row:
            return known[1]
        shown = {name: value for name, value in row.items() if name != "_context"}
        text = json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode()
        self._encoded[id(row)] = (row, text)
        return text

    def array(self, rows: Sequence[Payload]) -> bytes:
        """Records as a JSON array."""
        return b"[" + b",".join([self.encode(row) for row in rows]) + b"]"

    def envelope(self, name: str, rows: Sequence[Payload], **others: object) -> bytes:
        """Records as a JSON object: the other members, then the array under `name`."""
        rest = json.dumps(others, separators=(",", ":"), ensure_ascii=False).encode()
        comma = b"," if others else b""
        return rest[:-1] + comma + json.dumps(name).encode() + b":" + self.array(rows) + b"}"

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Response | None:
        with self._lock:
            parts = urlsplit(target)
            vendor, _, path = parts.path.lstrip("/").partition("/")
            request = Request(
                server=self,
                vendor=vendor,
                method=method,
                path="/" + path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers=headers,
                body=body,
                clock=self.clock,
                target=f"{method} {target}",
            )
            response = self._route(request)
            status = response.status if response else 0
            if response:
                response.headers.setdefault("Date", http_date(request.clock))
            self.log.append(
                LogEntry(method, target, headers.get("host", ""), "authorization" in headers, status, self.clock)
            )
            return response

    def _route(self, request: Request) -> Response | None:
        if request.vendor not in VENDORS:
            return Response(404, json={"error": "no such vendor"})
        vendor = self._vendors.get(request.vendor)
        if vendor is None:
            vendor = self._vendors[request.vendor] = _Vendor(request.vendor, self)
        for kind in _INSTEAD:
            if request.fault(kind):
                if kind == "drop":
                    return None
                return (vendor.fault and vendor.fault(kind, request)) or _plain_fault(kind)
        refused = vendor.guard(request) if vendor.guard else None
        response = refused or self._handle(vendor, request)
        response.cut = request.fault("cut")
        return response

    def _handle(self, vendor: _Vendor, request: Request) -> Response:
        found = False
        for method, pattern, handler in vendor.routes:
            match = pattern.fullmatch(request.path)
            if match:
                found = True
                if method == request.method:
                    request.args = match.groupdict()
                    return handler(request)
        return Response(405 if found else 404, json={"error": f"no route {request.method} {request.path}"})


@lru_cache(maxsize=8)
def http_date(when: datetime) -> str:
    """An instant as the `Date` header writes it; the simulated clock, to which reset epochs refer."""
    return format_datetime(when.astimezone(UTC), usegmt=True)


def _plain_fault(kind: FaultKind) -> Response:
    """A fault in no vendor's particular shape."""
    if kind == "empty-no-permission":
        return Response(200, json=[])
    if kind == "429":
        return Response(429, {"Retry-After": "1"}, {"error": "too many requests"})
    status = 403 if kind == "403-secondary" else int(kind)
    return Response(status, {"Retry-After": "1"} if kind == "403-secondary" else {}, {"error": kind})
