"""GitHub's REST API over the demo store: `Link` paging, permissions, retention; GraphQL is in `github_graphql`."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ingestion.demo.server import Handler, Request, Response, Route
from ingestion.demo.store import Payload, instant

if TYPE_CHECKING:
    from ingestion.demo.server import DemoServer

RULE_SUITE_RETENTION = timedelta(days=30)
_HOURLY = 5_000
_PERIODS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "quarter": timedelta(days=91),
    "year": timedelta(days=365),
}
_OWNERS_ONLY = (
    "billing_email",
    "default_repository_permission",
    "members_can_create_repositories",
    "plan",
    "two_factor_requirement_enabled",
)
_SUMMARY = ("id", "name", "target", "source_type", "source", "enforcement", "node_id", "_links")
_SUMMARY_TIMES = ("created_at", "updated_at")
_NOT_FOUND = "Not Found"


def routes(server: DemoServer) -> list[Route]:
    """Routes below `/github`."""
    from ingestion.demo.server.github_graphql import GraphqlApi

    org, repo = "/orgs/(?P<org>[^/]+)", "/repos/(?P<org>[^/]+)/(?P<repo>[^/]+)"
    history = r"/rulesets/(?P<id>\d+)/history"
    found: list[tuple[str, str, Handler]] = [
        ("GET", org, _organization),
        ("GET", f"{org}/repos", _repositories),
        ("GET", f"{org}/members", _members),
        ("GET", f"{org}/outside_collaborators", _outside_collaborators),
        ("GET", f"{org}/credential-authorizations", _credential_authorizations),
        ("GET", f"{org}{history}", _versions),
        ("GET", rf"{org}{history}/(?P<version>\d+)", _version),
        ("GET", f"{repo}/collaborators", _collaborators),
        ("GET", f"{repo}/branches/(?P<branch>[^/]+)/protection", _protection),
        ("GET", f"{repo}/rules/branches/(?P<branch>[^/]+)", _rules),
        ("GET", f"{repo}/rulesets", _rulesets),
        ("GET", rf"{repo}/rulesets/(?P<id>\d+)", _ruleset),
        ("GET", f"{repo}{history}", _versions),
        ("GET", rf"{repo}{history}/(?P<version>\d+)", _version),
        ("GET", f"{repo}/rulesets/rule-suites", _rule_suites),
        ("GET", rf"{repo}/rulesets/rule-suites/(?P<id>\d+)", _rule_suite),
        ("GET", f"{repo}/activity", _activity),
        ("GET", rf"{repo}/compare/(?P<base>[0-9a-f]+)\.\.\.(?P<head>[0-9a-f]+)", _compare),
        ("POST", "/graphql", GraphqlApi(server.store).answer),
    ]
    used: Counter[datetime] = Counter()
    return [(method, pattern, _counted(handler, used)) for method, pattern, handler in found]


def _counted(handler: Handler, used: Counter[datetime]) -> Handler:
    """Count a request against the limit of its hour, and add the headers that tell."""

    def answer(request: Request) -> Response:
        response = handler(request)
        used[request.clock] += 1
        response.headers |= rate_limit(request, max(_HOURLY - used[request.clock], 1))
        response.headers["x-oauth-scopes"] = "admin:org, repo" if request.privileged else "read:org, repo"
        return response

    return answer


def rate_limit(request: Request, remaining: int, seconds: int = 3_600) -> dict[str, str]:
    """Headers of the primary limit; the reset is an epoch by the simulated clock."""
    return {
        "x-ratelimit-limit": str(_HOURLY),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-used": str(_HOURLY - remaining),
        "x-ratelimit-reset": str(int(request.clock.timestamp()) + seconds),
        "x-ratelimit-resource": "graphql" if request.path == "/graphql" else "core",
    }


def guard(request: Request) -> Response | None:
    """Check the bearer token; the unprivileged one belongs to a member who owns and administers nothing."""
    given = request.headers.get("authorization", "").partition(" ")[2]
    request.privileged = given == request.server.tokens["github"]
    if request.privileged or given == request.server.unprivileged["github"]:
        return None
    return refusal(401, "Bad credentials")


def refusal(status: int, text: str) -> Response:
    """GitHub's shape of an error."""
    documentation = "https://docs.github.com/rest"
    return Response(status, json={"message": text, "documentation_url": documentation, "status": str(status)})


def fault(kind: str, request: Request) -> Response | None:
    """GitHub's shape of an injected fault; GraphQL says some of them in a 200."""
    graphql = request.path == "/graphql"
    if kind == "429":
        errors = [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]
        response = Response(200, json={"errors": errors}) if graphql else refusal(429, "API rate limit exceeded")
        response.headers |= rate_limit(request, 0, 40)
        return response
    if kind == "403-secondary":
        response = refusal(403, "You have exceeded a secondary rate limit. Please wait a few minutes.")
        response.headers |= rate_limit(request, 0, 50)
        return response
    if kind == "403" and graphql:
        error = {"type": "FORBIDDEN", "path": ["repository"], "message": "Resource not accessible by integration"}
        return Response(200, json={"data": {"repository": None}, "errors": [error]})
    if kind == "empty-no-permission" and graphql:
        error = {"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository."}
        return Response(200, json={"data": {"repository": None}, "errors": [error]})
    if kind == "500" and graphql:
        return Response(502, {"Content-Type": "text/html"}, body=b"<html>502 Bad Gateway</html>")
    texts = {"401": "Bad credentials", "403": "Resource not accessible by personal access token", "500": "Server Error"}
    return refusal(int(kind), texts[kind]) if kind in texts else None


def _rows(request: Request, table: str) -> list[Payload]:
    return request.server.store.at(f"github.{table}", request.clock)


def _of_repository(request: Request, table: str) -> list[Payload]:
    repository = _repository(request)
    if repository is None:
        return []
    groups = request.server.store.group(f"github.{table}", request.clock, "_context.repository_id")
    return groups.get(str(repository["id"]), [])


def _repository(request: Request) -> Payload | None:
    """The repository of the path, by name, if the organization is ours."""
    organization = _rows(request, "organization")
    if not organization or organization[0]["login"].lower() != request.args["org"].lower():
        return None
    names = request.server.store.group("github.repositories", request.clock, "name")
    found = names.get(request.args["repo"], [])
    return found[0] if found else None


def _listing(request: Request, rows: Sequence[Payload], *, made: bool = False) -> Response:
    """One page by number, with `Link`; rows that were `made` for this request are not kept encoded."""
    limit = min(max(request.integer("per_page", 30), 1), 100)
    number = max(request.integer("page", 1), 1)
    page, after = request.page(rows, (number - 1) * limit, limit)
    headers = {}
    if after < len(rows):
        last = -(-len(rows) // limit)
        headers["Link"] = (
            f'<{request.next_url(page=number + 1)}>; rel="next", <{request.next_url(page=last)}>; rel="last"'
        )
    if made:
        return Response(headers=headers, json=page)
    return Response(headers=headers, body=request.server.array(page))


def _organization(request: Request) -> Response:
    rows = _rows(request, "organization")
    if not rows or rows[0]["login"].lower() != request.args["org"].lower():
        return refusal(404, _NOT_FOUND)
    private = [bool(row.get("private")) for row in _rows(request, "repositories")]
    counts = {"public_repos": private.count(False), "total_private_repos": private.count(True)}
    hidden = ("_context",) if request.privileged else ("_context", *_OWNERS_ONLY)
    shown = {name: value for name, value in rows[0].items() if name not in hidden}
    return Response(json=shown | counts)


def _repositories(request: Request) -> Response:
    rows = sorted(_rows(request, "repositories"), key=lambda row: (row.get("created_at") or "", row["id"]))
    levels = ("admin", "maintain", "push", "triage", "pull")
    default = {level: request.privileged or level == "pull" for level in levels}
    shown = [_plain(row) | {"permissions": (request.privileged and row.get("permissions")) or default} for row in rows]
    return _listing(request, shown, made=True)


def _plain(row: Payload) -> Payload:
    return {name: value for name, value in row.items() if name != "_context"}


def _members(request: Request) -> Response:
    role = request.query.get("role", "all")
    rows = [row for row in _rows(request, "members") if role in ("all", row["_context"]["role"])]
    return _listing(request, rows)


def _outside_collaborators(request: Request) -> Response:
    return _listing(request, _rows(request, "outside_collaborators"))


def _credential_authorizations(request: Request) -> Response:
    offered = "github.credential_authorizations" in request.server.store.tables
    if not offered or not request.privileged:
        return refusal(404, _NOT_FOUND)
    return _listing(request, _rows(request, "credential_authorizations"))


def _collaborators(request: Request) -> Response:
    if _repository(request) is None:
        return refusal(404, _NOT_FOUND)
    if not request.privileged:
        return refusal(403, "Must have push access to view repository collaborators.")
    return _listing(request, _of_repository(request, "repository_collaborators"))


def _branch(request: Request) -> Payload | None:
    from urllib.parse import unquote

    name = unquote(request.args["branch"])
    rows = _of_repository(request, "branch_protection")
    return next((row for row in rows if row["_context"]["branch"] == name), None)


def _protection(request: Request) -> Response:
    if not request.privileged:
        return refusal(404, _NOT_FOUND)
    row = _branch(request)
    if row is None:
        return refusal(404, "Branch not found")
    reason = row["_context"].get("reason", "")
    if reason.startswith("Upgrade"):
        return refusal(403, reason)
    return refusal(404, "Branch not protected") if row["protection"] is None else Response(json=row["protection"])


def _rules(request: Request) -> Response:
    row = _branch(request)
    return _listing(request, row["rules"] if row else [], made=True)


def _rulesets(request: Request) -> Response:
    wanted = (*_SUMMARY, *_SUMMARY_TIMES)
    rows = [{name: row[name] for name in wanted if name in row} for row in _of_repository(request, "rulesets")]
    return _listing(request, rows, made=True)


def _ruleset(request: Request) -> Response:
    hidden = ("_context",) if request.privileged else ("_context", "bypass_actors")
    for row in _of_repository(request, "rulesets"):
        if str(row["id"]) == request.args["id"]:
            return Response(json={name: value for name, value in row.items() if name not in hidden})
    return refusal(404, _NOT_FOUND)


def _history(request: Request) -> list[Payload]:
    """Versions of a ruleset, newest first; the organization's from whichever repository shows them."""
    rows = _of_repository(request, "ruleset_history") if "repo" in request.args else _rows(request, "ruleset_history")
    mine = {row["version_id"]: row for row in rows if row["_context"]["ruleset_id"] == request.args["id"]}
    return [mine[version] for version in sorted(mine, reverse=True)] if request.privileged else []


def _versions(request: Request) -> Response:
    rows = _history(request)
    wanted = ("version_id", "actor", "updated_at")
    if not rows:
        return refusal(404, _NOT_FOUND)
    return _listing(request, [{name: row[name] for name in wanted} for row in rows], made=True)


def _version(request: Request) -> Response:
    for row in _history(request):
        if str(row["version_id"]) == request.args["version"]:
            return Response(body=request.server.encode(row))
    return refusal(404, _NOT_FOUND)


def _recent(request: Request, rows: list[Payload], field: str, period: timedelta | None) -> list[Payload]:
    """Rows of the last `period`, newest first."""
    since = request.clock - period if period is not None else None
    kept = [row for row in rows if since is None or instant(row[field]) >= since]
    return sorted(kept, key=lambda row: (row[field], row["id"]), reverse=True)


def _filtered(rows: list[Payload], *tests: Callable[[Payload], bool]) -> list[Payload]:
    return [row for row in rows if all(test(row) for test in tests)]


def _suites(request: Request, period: timedelta) -> list[Payload]:
    return _recent(request, _of_repository(request, "rule_suites"), "pushed_at", min(period, RULE_SUITE_RETENTION))


def _rule_suites(request: Request) -> Response:
    if _repository(request) is None:
        return refusal(404, _NOT_FOUND)
    ref, result = request.query.get("ref"), request.query.get("rule_suite_result", "all")
    rows = _filtered(
        _suites(request, _PERIODS.get(request.query.get("time_period", "day"), _PERIODS["day"])),
        lambda row: ref in (None, row["ref"], row["ref"].removeprefix("refs/heads/")),
        lambda row: result in ("all", row["result"]),
    )
    hidden = ("_context", "rule_evaluations")
    return _listing(request, [{k: v for k, v in row.items() if k not in hidden} for row in rows], made=True)


def _rule_suite(request: Request) -> Response:
    for row in _suites(request, RULE_SUITE_RETENTION):
        if str(row["id"]) == request.args["id"]:
            return Response(body=request.server.encode(row))
    return refusal(404, _NOT_FOUND)


def _activity(request: Request) -> Response:
    """Newest first by an opaque cursor; unlike most listings of REST this one knows no page numbers."""
    if _repository(request) is None:
        return refusal(404, _NOT_FOUND)
    ref, kind = request.query.get("ref"), request.query.get("activity_type")
    rows = _filtered(
        _recent(
            request,
            _of_repository(request, "activity"),
            "timestamp",
            _PERIODS.get(request.query.get("time_period", "")),
        ),
        lambda row: ref in (None, row["ref"], row["ref"].removeprefix("refs/heads/")),
        lambda row: kind in (None, row["activity_type"]),
    )
    if request.query.get("direction") == "asc":
        rows.reverse()
    limit = min(max(request.integer("per_page", 30), 1), 100)
    start = _cursor(rows, request.query.get("after"))
    page, after = request.page(rows, start, limit)
    headers = {}
    if after < len(rows) and page:
        token = base64.urlsafe_b64encode(f"v1:{page[-1]['id']}".encode()).decode()
        headers["Link"] = f'<{request.next_url(after=token)}>; rel="next"'
    return Response(headers=headers, body=request.server.array(page))


def _cursor(rows: list[Any], after: str | None) -> int:
    """Index behind the record which the cursor names."""
    if not after:
        return 0
    last = base64.urlsafe_b64decode(after).decode().removeprefix("v1:")
    return next((index + 1 for index, row in enumerate(rows) if str(row["id"]) == last), len(rows))


def _compare(request: Request) -> Response:
    """Commits reachable from the head and not from the base, oldest first."""
    from ingestion.demo.server.github_resolvers import commit_id

    known = {row["oid"]: row for row in _of_repository(request, "commits")}
    base, head = request.args["base"], request.args["head"]
    if base not in known or head not in known:
        return refusal(404, _NOT_FOUND)
    there = _reachable(known, base)
    rows = [known[oid] for oid in _reachable(known, head) if oid not in there]
    rows.sort(key=lambda row: (instant(row["committedDate"]), row["oid"]))
    response = _listing(request, [{"sha": row["oid"], "node_id": commit_id(row)} for row in rows], made=True)
    response.json = {"total_commits": len(rows), "ahead_by": len(rows), "commits": response.json, "files": []}
    return response


def _reachable(known: dict[str, Payload], tip: str) -> dict[str, None]:
    """A commit and its ancestors, as far as they are known."""
    found: dict[str, None] = {}
    pending = [tip]
    while pending:
        oid = pending.pop()
        if oid in known and oid not in found:
            found[oid] = None
            pending += [parent["oid"] for parent in known[oid]["parents"]["nodes"]]
    return found
