"""GitHub connector against the loopback server: every resource, paging, permissions, faults."""

from __future__ import annotations

from datetime import timedelta

import pytest
from demo_server_kit import CANARY, NOW, begin, cause, collect, serving, whole_text
from github_company import API, EMPTY, ORG, START, WEB, Company, commit, oid, stamp
from pydantic import ValidationError

from ingestion.contract import NotFound
from ingestion.demo.server import Fault
from ingestion.demo.store import Store
from ingestion.http import ForeignOrigin, NotAuthorized, NotPermitted, Unreachable
from ingestion.sources import github
from ingestion.sources.github.client import PAUSE
from ingestion.sources.github.config import GithubInstance

RESOURCES = [resource.name for resource in github.RESOURCES]
GRAPHQL = ("pull_requests", "commits", "deployments", "external_identities")
MEMBERS, OUTSIDE, PULLS = 230, 3, 130
BIG = 77_000


@pytest.fixture(scope="module")
def company():
    made = Company()
    made.people(MEMBERS, OUTSIDE)
    made.single_sign_on(120)
    made.ruleset(API, 7, versions=3)
    made.ruleset(WEB, 8, versions=1, source_type="Organization")
    for n in range(PULLS):
        made.pull_request(API if n % 2 else WEB, 10_000 + n, NOW - timedelta(hours=6 * n + 1))
    for n in range(250):
        made.push(API, 900 + n, NOW - timedelta(hours=4 * n + 1), "bypass" if n % 10 == 3 else "pass")
    for n in range(120):
        made.deployment(API, 6_000 + n, NOW - timedelta(hours=5 * n + 1), "staging" if n % 3 == 0 else "production")
    made.status(API, oid(f"{API}-10001-1"), "ci/legacy", NOW - timedelta(hours=8))
    return made


@pytest.fixture
def server(company, monkeypatch):
    with serving(company.store, monkeypatch) as running:
        monkeypatch.setenv("SOURCES__GITHUB_TEST__TOKEN", running.tokens["github"])
        yield running


@pytest.fixture
def instance(server):
    return GithubInstance(instance="github-test", org=ORG, base_url=f"{server.url}/github")


@pytest.fixture
def poor(server, monkeypatch):
    """The instance of somebody who may see little."""
    monkeypatch.setenv("SOURCES__GITHUB_TEST__TOKEN", server.unprivileged["github"])
    return GithubInstance(instance="github-test", org=ORG, base_url=f"{server.url}/github")


def failure(instance, resource, **options):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (dlt wraps the connector's own error, which is what is returned)
        collect(github, instance, resource, **options)
    assert CANARY not in whole_text(caught.value)
    return cause(caught.value)


def serve(made, monkeypatch):
    """A server of its own for a company that one test needs; the token is set."""
    context = serving(made.store, monkeypatch)
    running = context.__enter__()
    monkeypatch.setenv("SOURCES__GITHUB_TEST__TOKEN", running.tokens["github"])
    return context, GithubInstance(instance="github-test", org=ORG, base_url=f"{running.url}/github"), running


# every resource


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_resource_is_collected_with_its_permission_and_without_the_token(resource, instance, server):
    got = collect(github, instance, resource, start=START)
    declared = next(found for found in github.RESOURCES if found.name == resource)
    assert set(got.written) <= set(declared.tables)
    assert got.keys_of(declared.tables[0])
    assert got.permission.result == "granted", got.permission.detail
    assert CANARY not in f"{got.written}{got.parameters}{got.state}{got.permission}"
    assert all(entry.authorized and CANARY not in entry.target for entry in server.log)
    assert set(got.http_statuses) - {404} == {200}  # 404: the branch of a repository without commits
    for rows in got.written.values():
        assert len({key for key, _, _ in rows}) == len(rows)


def test_members_carry_their_role_and_agree_with_the_total(instance):
    got = collect(github, instance, "members")
    assert len(got.keys_of()) == MEMBERS == got.source_total
    assert [got.payload(key)["_context"]["role"] for key in ("1000", "1001", "1002")] == ["admin", "admin", "member"]


def test_repositories_agree_with_the_organizations_count(instance):
    got = collect(github, instance, "repositories")
    assert got.keys_of() == [API, WEB, EMPTY]
    assert got.source_total == 3


def test_collaborators_are_keyed_by_repository(instance):
    got = collect(github, instance, "repository_collaborators")
    assert len(got.keys_of()) == 3 * MEMBERS
    payload = got.payload(f"{API}/1000")
    assert (payload["_context"], payload["role_name"]) == ({"repository_id": API}, "write")


def test_rulesets_bring_bypass_actors_and_every_version(instance):
    got = collect(github, instance, "rulesets")
    assert got.keys_of("rulesets") == [f"{API}/7", f"{WEB}/8"]
    assert got.payload(f"{API}/7", "rulesets")["bypass_actors"]
    assert sorted(got.keys_of("ruleset_history")) == [f"{API}/7/1", f"{API}/7/2", f"{API}/7/3", f"{WEB}/8/1"]
    version = got.payload(f"{API}/7/2", "ruleset_history")
    assert version["_context"] == {"repository_id": API, "ruleset_id": "7"}
    assert version["state"]["enforcement"] == "active"


def test_rule_suites_reach_back_one_month_and_bypasses_come_with_their_rules(instance):
    got = collect(github, instance, "rule_suites", start=START)
    whens = [when for _, when, _ in got.written["rule_suites"]]
    assert min(whens) >= NOW - timedelta(days=30)
    assert len(whens) == 180
    by_result = {payload["result"]: payload for _, _, payload in got.written["rule_suites"]}
    assert "rule_evaluations" in by_result["bypass"]
    assert "rule_evaluations" not in by_result["pass"]


def test_activity_stops_at_the_windows_start(instance):
    whole = collect(github, instance, "activity", start=START)
    assert (len(whole.keys_of()), whole.pages) == (250, 6)  # one page of repositories, one of each without activity
    week = collect(github, instance, "activity", start=NOW - timedelta(days=7))
    assert (len(week.keys_of()), week.pages) == (42, 4)
    assert whole.payload("900")["_context"] == {"repository_id": API, "branch": "main"}


def test_activity_of_a_window_ends_before_its_end(instance, server):
    past = begin(instance, "activity", NOW - timedelta(days=7), NOW - timedelta(days=14))
    collect(github, instance, "activity", into=past)
    assert all(NOW - timedelta(days=14) <= when < NOW - timedelta(days=7) for _, when, _ in past.written["activity"])


def test_deployments_are_those_of_production(instance):
    got = collect(github, instance, "deployments", start=START)
    assert len(got.keys_of()) == 80 == got.source_total
    assert {payload["environment"] for _, _, payload in got.written["deployments"]} == {"production"}
    recent = collect(github, instance, "deployments", start=NOW - timedelta(days=2))
    assert recent.source_total is None
    assert 0 < len(recent.keys_of()) < 10


def test_commits_of_production_branches_name_their_pull_requests(instance):
    got = collect(github, instance, "commits", start=NOW - timedelta(days=10))
    key = f"{API}/main/{oid(f'{API}-10001-merge')}"
    payload = got.payload(key)
    assert payload["_context"] == {"repository_id": API, "branch": "main"}
    assert payload["associatedPullRequests"]["nodes"] == [{"databaseId": "10001", "number": 2}]
    assert len(got.keys_of()) == got.source_total == 40
    assert got.state["heads"] == {f"{API}/main": oid(f"{API}-10001-merge"), f"{WEB}/main": oid(f"{WEB}-10000-merge")}


def chain(made, *links):
    """Commits on main, each on top of the one before: (name, committer date, when it was pushed)."""
    for n, (name, dated, pushed) in enumerate(links):
        row = commit(name, dated) | {"_context": {"repository_id": API, "branch": "main"}}
        row["parents"] = {"nodes": [{"oid": oid(links[n - 1][0])}] if n else []}
        made.put("commits", f"{API}/main/{row['oid']}", row, pushed)


def test_commits_pushed_with_an_old_date_are_found_by_comparing_heads(monkeypatch):
    made = Company()
    old = NOW - timedelta(days=90)
    chain(
        made,
        ("a", old, old),
        *((f"old-{n}", old + timedelta(minutes=n), NOW - timedelta(days=1)) for n in range(1, 131)),
        ("tip", NOW - timedelta(days=1), NOW - timedelta(days=1)),
    )
    made.checks(API, oid("old-7"), 1, NOW - timedelta(days=1), runs=1)
    context, instance, running = serve(made, monkeypatch)
    try:
        running.clock = NOW - timedelta(days=30)
        first = collect(github, instance, "commits", clock=running.clock, start=START)
        running.clock = NOW
        second = begin(instance, "commits", NOW, NOW - timedelta(days=32))
        second.previous_state = first.state
        collect(github, instance, "commits", into=second)
    finally:
        context.__exit__(None, None, None)
    assert first.state == {"heads": {f"{API}/main": oid("a")}}
    assert sorted(second.keys_of()) == sorted(
        f"{API}/main/{oid(n)}" for n in ["tip", *(f"old-{n}" for n in range(1, 131))]
    )
    assert second.source_total == 131
    assert second.state == {"heads": {f"{API}/main": oid("tip")}}
    assert len(second.keys_of("check_runs")) == 1


def test_a_branch_that_moves_during_the_walk_is_read_as_it_was(monkeypatch):
    made = Company()
    begun = NOW - timedelta(hours=1)
    chain(
        made,
        *((f"c{n}", begun - timedelta(hours=130 - n), begun - timedelta(hours=130 - n)) for n in range(130)),
        *((f"new-{n}", begun - timedelta(minutes=20 - n), begun + timedelta(minutes=n + 1)) for n in range(9)),
    )
    context, instance, running = serve(made, monkeypatch)
    running.clock = begun
    original = type(running)._answer

    def pushing(self, method, target, headers, body):
        answer = original(self, method, target, headers, body)
        if b'"operationName": "commits"' in body:
            self.clock += timedelta(minutes=3)
        return answer

    monkeypatch.setattr(running._listener._server.RequestHandlerClass, "answer", staticmethod(pushing.__get__(running)))
    try:
        got = collect(github, instance, "commits", clock=begun, start=START)
    finally:
        context.__exit__(None, None, None)
    assert running.clock >= begun + timedelta(minutes=9), "nothing was pushed during the walk"
    assert sorted(got.keys_of()) == sorted(f"{API}/main/{oid(f'c{n}')}" for n in range(130))
    assert got.state == {"heads": {f"{API}/main": oid("c129")}}


def test_a_branch_that_became_production_is_read_from_its_beginning(monkeypatch):
    made = Company()
    old = NOW - timedelta(days=90)
    chain(made, ("a", old, old))
    for name in ("r1", "r2"):
        row = commit(name, old) | {"_context": {"repository_id": API, "branch": "release"}}
        row["parents"] = {"nodes": [] if name == "r1" else [{"oid": oid("r1")}]}
        made.put("commits", f"{API}/release/{row['oid']}", row, old)
    context, instance, _ = serve(made, monkeypatch)
    wide = instance.model_copy(update={"production_branches": {"api": ("main", "release")}})
    again = begin(wide, "commits", NOW, NOW - timedelta(days=2))
    again.previous_state = {"heads": {f"{API}/main": oid("a")}}
    first = begin(wide, "commits", NOW, NOW - timedelta(days=2))
    try:
        collect(github, wide, "commits", into=again)
        collect(github, wide, "commits", into=first)
    finally:
        context.__exit__(None, None, None)
    assert sorted(again.keys_of()) == sorted(f"{API}/release/{oid(name)}" for name in ("r1", "r2"))
    assert again.parameters["from_the_beginning"] == [f"{API}/release"]
    assert again.state["heads"] == {f"{API}/main": oid("a"), f"{API}/release": oid("r2")}
    assert first.keys_of() == []
    assert "from_the_beginning" not in first.parameters


def test_a_repository_that_had_no_commits_is_read_from_its_beginning(monkeypatch):
    made = Company()
    old = NOW - timedelta(days=90)
    chain(made, ("a", old, NOW - timedelta(days=1)))
    context, instance, running = serve(made, monkeypatch)
    try:
        running.clock = NOW - timedelta(days=30)
        first = collect(github, instance, "commits", clock=running.clock, start=START)
        running.clock = NOW
        second = begin(instance, "commits", NOW, NOW - timedelta(days=32))
        second.previous_state = first.state
        collect(github, instance, "commits", into=second)
    finally:
        context.__exit__(None, None, None)
    assert first.state == {"heads": {}}
    assert second.keys_of() == [f"{API}/main/{oid('a')}"]


def test_a_rewritten_head_is_noted(monkeypatch):
    made = Company()
    chain(made, ("a", NOW - timedelta(days=1), NOW - timedelta(days=1)))
    context, instance, _ = serve(made, monkeypatch)
    again = begin(instance, "commits", NOW, NOW - timedelta(days=2))
    again.previous_state = {"heads": {f"{API}/main": oid("gone")}}
    try:
        collect(github, instance, "commits", into=again)
    finally:
        context.__exit__(None, None, None)
    assert again.parameters["rewritten"] == [f"{API}/main"]
    assert again.keys_of() == [f"{API}/main/{oid('a')}"]


# pull requests


def test_pull_requests_keep_githubs_names_and_their_context(instance):
    got = collect(github, instance, "pull_requests", start=START)
    assert sorted(got.keys_of()) == [str(10_000 + n) for n in range(PULLS)]
    assert got.source_total == PULLS
    pull = got.payload("10001")
    assert pull["_context"] == {"repository_id": API}
    assert pull["databaseId"] == "10001"
    assert pull["author"] == {"__typename": "User", "login": "dev1", "databaseId": 1001}
    assert pull["files"] == {"nodes": [{"path": f"src/{n}.py"} for n in range(3)]}
    assert (pull["reviews"], pull["commits"]) == ({"totalCount": 2}, {"totalCount": 2})
    assert pull["mergeCommit"]["parents"]["nodes"]
    assert "timelineItems" not in pull
    assert "head" not in pull


def test_what_hangs_on_a_pull_request_has_tables_of_its_own(instance):
    got = collect(github, instance, "pull_requests", start=START)
    context = {"repository_id": API, "pull_request_id": "10001"}
    review = got.payload("10001000", "pull_request_reviews")
    assert review["_context"] == context
    assert review["commit"] == {"oid": oid(f"{API}-10001-1")}
    assert got.payload("ME_10001_0", "pull_request_events")["_context"] == context
    head = got.payload(f"10001/{oid(f'{API}-10001-1')}", "pull_request_commits")
    assert head["_context"] == context | {"position": "2"}
    assert head["authors"]["nodes"][0]["user"] == {"login": "dev1", "databaseId": 1001}
    run = got.payload(f"{API}/{oid(f'{API}-10001-1')}/{40_000_000_000 + 10_001_000}", "check_runs")
    assert run["_context"] == {
        "repository_id": API, "oid": oid(f"{API}-10001-1"), "app_id": "15368", "app_slug": "app-0",
        "suite_status": "COMPLETED", "suite_conclusion": "SUCCESS",
    }  # fmt: skip
    status = got.payload(f"{API}/{oid(f'{API}-10001-1')}/status/ci/legacy", "check_runs")
    assert (status["context"], status["state"]) == ("ci/legacy", "SUCCESS")


def test_the_walk_stops_behind_the_windows_start(instance):
    whole = collect(github, instance, "pull_requests", start=START)
    recent = collect(github, instance, "pull_requests", start=NOW - timedelta(days=3))
    assert len(recent.keys_of()) == 12
    assert recent.source_total is None
    assert recent.pages < whole.pages


def test_nested_connections_are_followed_to_their_end(monkeypatch):
    made = Company()
    sizes = {"reviews": 145, "commits": 45, "runs": 70, "suites": 3, "files": 250, "events": 45, "labels": 25}
    made.pull_request(API, BIG, NOW - timedelta(hours=3), authors=23, parents=9, **sizes)
    tip = commit("tip", NOW - timedelta(hours=1)) | {"_context": {"repository_id": API, "branch": "main"}}
    tip["associatedPullRequests"] = {"nodes": [{"databaseId": BIG + 1 + n} for n in range(14)]}
    made.put("commits", f"{API}/main/{tip['oid']}", tip, NOW - timedelta(hours=1))
    for n in range(14):
        made.pull_request(WEB, BIG + 1 + n, NOW - timedelta(hours=3))
    made.checks(API, tip["oid"], 1, NOW - timedelta(hours=1), runs=60, suites=25)
    context, instance, _ = serve(made, monkeypatch)
    try:
        got = collect(github, instance, "pull_requests", start=START)
        branch = collect(github, instance, "commits", start=START)
    finally:
        context.__exit__(None, None, None)
    mine = {table: [p for _, _, p in rows if API in str(p["_context"])] for table, rows in got.written.items()}
    lengths = {table: len(rows) for table, rows in mine.items()}
    assert lengths == {
        "pull_requests": 1, "pull_request_reviews": 145, "pull_request_events": 45, "pull_request_commits": 45,
        "check_runs": 70,
    }  # fmt: skip
    pull = got.payload(str(BIG))
    assert [len(pull[name]["nodes"]) for name in ("files", "labels")] == [250, 25]
    assert {len(row["authors"]["nodes"]) for row in mine["pull_request_commits"]} == {23}
    assert {len(row["parents"]["nodes"]) for row in mine["pull_request_commits"]} == {9}
    assert [row["_context"]["position"] for row in mine["pull_request_commits"]] == [str(n) for n in range(1, 46)]
    assert len(branch.payload(f"{API}/main/{tip['oid']}", "commits")["associatedPullRequests"]["nodes"]) == 14
    assert sum(tip["oid"] in key for key in branch.keys_of("check_runs")) == 60


def test_checks_of_every_attempt_are_kept(monkeypatch):
    made = Company()
    pull = made.pull_request(API, BIG, NOW - timedelta(hours=3), runs=1)
    first = made.store.tables["github.check_runs"][0]
    again = first.payload | {"databaseId": 1, "conclusion": "FAILURE"}
    made.put("check_runs", f"{API}/{pull['headRefOid']}/1", again)
    context, instance, _ = serve(made, monkeypatch)
    try:
        got = collect(github, instance, "pull_requests", start=START)
    finally:
        context.__exit__(None, None, None)
    assert sorted(p["conclusion"] for _, _, p in got.written["check_runs"]) == ["FAILURE", "SUCCESS"]


# configuration


def test_only_configured_repositories_are_read(instance):
    one = instance.model_copy(update={"repositories": ("API",)})
    got = collect(github, one, "repository_collaborators")
    assert {payload["_context"]["repository_id"] for _, _, payload in got.written["repository_collaborators"]} == {API}
    none = instance.model_copy(update={"repositories": ("api", "gone")})
    assert isinstance(failure(none, "repository_collaborators"), NotFound)


def test_a_credential_that_sees_only_the_configured_repositories_is_enough(monkeypatch):
    made = Company()
    context, instance, running = serve(made, monkeypatch)
    running.store.tables["github.repositories"] = made.store.tables["github.repositories"][:1]
    from ingestion.demo.server import github as routes

    whole = routes._organization

    def counting(request):
        response = whole(request)
        response.json |= {"public_repos": 0, "total_private_repos": 3}
        return response

    monkeypatch.setattr(routes, "_organization", counting)
    running._vendors.clear()
    one = instance.model_copy(update={"repositories": ("Api",)})
    two = instance.model_copy(update={"repositories": ("api", "web")})
    try:
        got = collect(github, one, "repositories")
        read = collect(github, one, "commits", start=START)
        gone = failure(two, "commits")
        all_of_them = failure(instance, "repositories")
    finally:
        context.__exit__(None, None, None)
    assert (got.keys_of(), got.source_total, got.permission.result) == ([API], None, "granted")
    assert "1 of 3" in got.permission.detail
    assert read.permission.result == "granted"
    assert isinstance(gone, NotFound)
    assert "no repository web" in str(gone)
    assert isinstance(all_of_them, NotPermitted)


@pytest.mark.parametrize("resource", ["branch_protection", "activity", "commits"])
def test_production_branches_are_found_by_any_spelling_of_the_repository(resource, instance):
    wrong = instance.model_copy(update={"production_branches": {"Api": ("nosuch",)}})
    if resource == "activity":
        assert collect(github, wrong, resource, start=START).parameters["branches"][API] == ["nosuch"]
    else:
        assert "nosuch" in str(failure(wrong, resource, start=START))
    with pytest.raises(ValidationError, match="twice"):
        GithubInstance(instance="x", org="acme", production_branches={"Api": ("a",), "api": ("b",)})


@pytest.mark.parametrize("resource", ["branch_protection", "activity", "commits"])
def test_production_branches_of_a_repository_that_is_not_there_are_named(resource, instance):
    wrong = instance.model_copy(update={"production_branches": {"api": ("main",), "payments": ("release",)}})
    error = failure(wrong, resource, start=START)
    assert isinstance(error, NotFound)
    assert "payments" in str(error)


@pytest.mark.parametrize("resource", ["branch_protection", "commits"])
def test_a_configured_branch_must_exist(resource, instance):
    wrong = instance.model_copy(update={"production_branches": {"api": ("release/1.0",)}})
    error = failure(wrong, resource, start=START)
    assert isinstance(error, NotFound)
    assert "release/1.0" in str(error)


def test_several_production_branches_and_names_with_a_slash(monkeypatch):
    made = Company()
    made.protect(API, "release/1.0")
    tip = commit("rel", NOW - timedelta(hours=1)) | {"_context": {"repository_id": API, "branch": "release/1.0"}}
    made.put("commits", f"{API}/release/1.0/{tip['oid']}", tip)
    context, instance, _ = serve(made, monkeypatch)
    wide = instance.model_copy(update={"repositories": ("api",), "production_branches": {"api": ("release/1.0",)}})
    try:
        assert collect(github, wide, "branch_protection").keys_of() == [f"{API}/release/1.0"]
        assert collect(github, wide, "commits", start=START).keys_of() == [f"{API}/release/1.0/{tip['oid']}"]
    finally:
        context.__exit__(None, None, None)


def test_the_defaults_are_githubs_own():
    plain = GithubInstance(instance="x", org="acme")
    assert (plain.base_url, plain.graphql_address) == ("https://api.github.com", "https://api.github.com/graphql")
    own = GithubInstance(instance="x", org="acme", base_url="https://ghe/api/v3", graphql_url="https://ghe/api/graphql")
    assert own.graphql_address == "https://ghe/api/graphql"


@pytest.mark.parametrize("base", ["https://ghe/api/v3", "https://ghe/api/v3/"])
def test_an_enterprise_servers_graphql_address_follows_from_its_rest_address(base):
    assert GithubInstance(instance="x", org="acme", base_url=base).graphql_address == "https://ghe/api/graphql"


# permissions


DENIED = (
    "organization",
    "repository_collaborators",
    "branch_protection",
    "credential_authorizations",
    "external_identities",
)


@pytest.mark.parametrize("resource", DENIED)
def test_what_a_poor_credential_may_not_see_is_denied_and_never_empty(resource, poor):
    assert isinstance(failure(poor, resource), NotPermitted)


@pytest.mark.parametrize("resource", ["repositories", "members", "pull_requests", "commits", "activity"])
def test_what_a_poor_credential_may_see_is_collected(resource, poor):
    assert collect(github, poor, resource, start=START).keys_of()


def test_rulesets_are_kept_where_their_history_is_hidden(poor):
    got = collect(github, poor, "rulesets")
    assert got.keys_of("rulesets") == [f"{API}/7", f"{WEB}/8"]
    assert got.keys_of("ruleset_history") == []
    assert got.parameters["without_history"] == ["7", "8"]
    assert got.permission.result == "unknown"
    assert "history of 2 rulesets is hidden" in got.permission.detail


@pytest.mark.parametrize("kind", ["403", "empty-no-permission"])
def test_a_refused_history_says_how_many_and_keeps_the_others(kind, instance, server):
    if kind == "empty-no-permission":
        server.store = without_history(server.store, "7")
    else:
        server.faults = [Fault("/repos/.*/rulesets/7/history", "403", times=9)]
    got = collect(github, instance, "rulesets")
    assert got.keys_of("rulesets") == [f"{API}/7", f"{WEB}/8"]
    assert got.keys_of("ruleset_history") == [f"{WEB}/8/1"]
    assert got.permission.result == "unknown"
    assert got.permission.detail == "history of 1 rulesets is hidden: it needs Administration: write"


def without_history(store, ruleset_id):
    """The same company, whose server answers 404 for the history of one ruleset."""
    later = Store(dict(store.tables))
    kept = [row for row in store.tables["github.ruleset_history"] if row.key.split("/")[1] != ruleset_id]
    later.tables["github.ruleset_history"] = kept
    return later


def test_the_history_of_an_enterprises_ruleset_is_not_asked_for(monkeypatch):
    made = Company()
    made.ruleset(API, 9, versions=2, source_type="Enterprise")
    context, instance, running = serve(made, monkeypatch)
    try:
        got = collect(github, instance, "rulesets")
    finally:
        context.__exit__(None, None, None)
    assert (got.keys_of("rulesets"), got.keys_of("ruleset_history")) == ([f"{API}/9"], [])
    assert got.permission.result == "unknown"
    assert "1 rulesets of the enterprise" in got.permission.detail
    assert not [entry for entry in running.log if "history" in entry.target]


def test_outside_collaborators_are_of_unknown_completeness_to_a_poor_credential(poor):
    assert collect(github, poor, "outside_collaborators").permission.result == "unknown"


@pytest.mark.parametrize(
    ("resource", "match", "said"),
    [
        ("repositories", "/repos", "0 of 3 repositories"),
        ("pull_requests", "/repos", "0 of 3 repositories"),
        ("members", "/members", "no owner"),
        ("repository_collaborators", "/collaborators", "shows nobody"),
    ],
)
def test_an_empty_answer_that_cannot_be_true_is_denied(resource, match, said, instance, server):
    server.faults = [Fault(match, "empty-no-permission", times=9)]
    error = failure(instance, resource, start=START)
    assert isinstance(error, NotPermitted)
    assert said in str(error)


def test_an_empty_list_of_outside_collaborators_is_denied_unless_an_owner_reads_it(monkeypatch):
    made = Company()
    context, instance, running = serve(made, monkeypatch)
    try:
        got = collect(github, instance, "outside_collaborators")
        assert (got.keys_of(), got.permission.result) == ([], "granted")
        monkeypatch.setenv("SOURCES__GITHUB_TEST__TOKEN", running.unprivileged["github"])
        assert isinstance(failure(instance, "outside_collaborators"), NotPermitted)
    finally:
        context.__exit__(None, None, None)


@pytest.mark.parametrize("resource", ["credential_authorizations", "external_identities"])
def test_without_single_sign_on_the_resource_is_not_available(resource, monkeypatch):
    context, instance, _ = serve(Company(), monkeypatch)
    try:
        got = collect(github, instance, resource)
    finally:
        context.__exit__(None, None, None)
    assert (got.keys_of(), got.permission.result) == ([], "not_available")


def test_unprotected_is_told_from_not_offered_and_from_no_branch(monkeypatch):
    made = Company()
    row = made.store.tables["github.branch_protection"].pop(0)
    bare = {"protection": None, "rules": [], "_context": row.payload["_context"]}
    made.put("branch_protection", f"{API}/main", bare)
    made.protect(WEB, "main", "Upgrade to GitHub Pro or make this repository public to enable this feature.")
    context, instance, _ = serve(made, monkeypatch)
    try:
        got = collect(github, instance, "branch_protection")
    finally:
        context.__exit__(None, None, None)
    assert got.keys_of() == [f"{API}/main", f"{WEB}/main"]
    assert got.payload(f"{API}/main") == {
        "protection": None, "rules": [],
        "_context": {"repository_id": API, "branch": "main", "reason": "Branch not protected"},
    }  # fmt: skip
    assert got.payload(f"{WEB}/main")["_context"]["reason"].startswith("Upgrade to GitHub")


def test_not_protected_counts_only_for_a_credential_that_may_administer(monkeypatch):
    made = Company()
    row = made.store.tables["github.branch_protection"].pop(0)
    made.put("branch_protection", row.key, row.payload | {"protection": None})
    api = made.store.tables["github.repositories"][0]
    api.payload["permissions"]["admin"] = False
    context, instance, _ = serve(made, monkeypatch)
    try:
        assert isinstance(failure(instance, "branch_protection"), NotPermitted)
    finally:
        context.__exit__(None, None, None)


def test_a_wrong_token_is_not_authorized(instance, monkeypatch):
    monkeypatch.setenv("SOURCES__GITHUB_TEST__TOKEN", CANARY + "-wrong")
    for resource in ("repositories", "external_identities"):
        assert isinstance(failure(instance, resource), NotAuthorized)


# faults


@pytest.mark.parametrize("kind", ["429", "403-secondary", "500", "drop", "cut", "duplicate-page", "drift"])
@pytest.mark.parametrize(
    "resource", ["repositories", "members", "repository_collaborators", "activity", "rule_suites", *GRAPHQL]
)
def test_a_passing_fault_changes_nothing_in_what_is_collected(kind, resource, instance, server):
    if kind == "drift" and resource == "rule_suites":
        pytest.skip("rule suites are only ever added, newest first: no later page loses one")
    if kind == "drift" and resource == "activity":
        pytest.skip("activity is paged by cursor: an offset cannot drift")
    expected = sorted(set(collect(github, instance, resource, start=START).keys_of()))
    server.faults = [Fault("/github/", kind, times=2, every=2)]
    got = collect(github, instance, resource, start=START)
    assert sorted(set(got.keys_of())) == expected
    assert server.faults[0].used or server.faults[0].seen < 2


def test_a_limit_with_an_epoch_is_waited_for_by_the_servers_own_clock(instance, server):
    server.faults = [Fault("/members", "403-secondary")]
    collect(github, instance, "members")
    assert server.waits == [51.0]


def test_a_limit_told_by_graphql_in_a_200_is_waited_for(instance, server):
    server.faults = [Fault("/graphql", "429")]
    got = collect(github, instance, "deployments", start=START)
    assert server.waits == [41.0]
    assert len(got.keys_of()) == 80


def test_a_query_that_github_gives_up_on_is_asked_for_half(instance, server, monkeypatch):
    sizes = []
    original = type(server)._answer

    def spy(self, method, target, headers, body):
        if target.endswith("/graphql"):
            import json

            sizes.append(json.loads(body)["variables"].get("first"))
        return original(self, method, target, headers, body)

    monkeypatch.setattr(server._listener._server.RequestHandlerClass, "answer", staticmethod(spy.__get__(server)))
    server.faults = [Fault("/graphql", "500", times=2)]
    got = collect(github, instance, "pull_requests", start=START)
    assert sizes[:3] == [50, 25, 12]
    assert server.waits == [PAUSE, PAUSE]
    assert len(got.keys_of()) == PULLS
    assert got.http_statuses[502] == 2
    assert 50 in sizes[3:], "the next repository begins with the full size"


@pytest.mark.parametrize(
    ("kind", "status", "headers", "pause"),
    [
        ("500", 500, {}, PAUSE),
        ("500", 503, {}, PAUSE),
        ("500", 503, {"Retry-After": "7"}, 7.0),
        ("500", 504, {"Retry-After": "7000"}, 60.0),
        ("drop", 0, {}, PAUSE),
        ("cut", 0, {}, PAUSE),
    ],
)
def test_every_trouble_of_a_large_query_makes_it_smaller(kind, status, headers, pause, instance, server, monkeypatch):
    from ingestion.demo.server import Response
    from ingestion.demo.server import github as routes

    collect(github, instance, "repositories")
    monkeypatch.setattr(routes, "fault", lambda kind, request: Response(status, dict(headers), body=b"busy"))
    server._vendors.clear()
    server.faults = [Fault("/graphql", kind, times=3)]
    got = collect(github, instance, "pull_requests", start=START)
    assert len(got.keys_of()) == PULLS
    assert server.waits == [pause] * 3
    assert got.http_statuses[status] == 3


def test_an_unreachable_github_is_waited_for_once_in_a_run(instance, monkeypatch, tmp_path):
    from ingestion import pipeline
    from ingestion.vault import Vault

    gone = instance.model_copy(update={"base_url": "http://127.0.0.1:9"})
    waits = []
    monkeypatch.setattr("ingestion.http.sleep", waits.append)
    for n in range(2):
        waits.clear()
        report = pipeline.collect(
            Vault(str(tmp_path / "vault")), [gone], [NOW + timedelta(days=n)],
            work_dir=tmp_path / "dlt", collect_from=START, code_version="0",
        )  # fmt: skip
        assert len(report.failed) == len(RESOURCES)
        assert len({outcome.error for outcome in report.failed}) == 1
        assert len(waits) == 5


def test_a_query_of_one_node_that_still_fails_ends_the_collection(instance, server):
    server.faults = [Fault("/graphql", "500", times=100)]
    assert isinstance(failure(instance, "pull_requests", start=START), Unreachable)


def test_a_hidden_part_of_a_200_answer_fails_the_collection(instance, server):
    server.faults = [Fault("/graphql", "403")]
    error = failure(instance, "pull_requests", start=START)
    assert isinstance(error, NotPermitted)
    assert "Resource not accessible" in str(error)


def test_a_null_node_without_an_error_fails_the_collection(instance, monkeypatch):
    from ingestion.sources.github.client import Github

    whole = Github.graphql

    def hide(self, *args, **kwargs):
        data = whole(self, *args, **kwargs)
        data["repository"]["deployments"]["nodes"][0] = None
        return data

    monkeypatch.setattr(Github, "graphql", hide)
    assert isinstance(failure(instance, "deployments", start=START), NotPermitted)


@pytest.mark.parametrize("resource", ["members", "activity"])
def test_a_next_page_at_another_host_is_refused_before_it_is_asked(resource, instance, server):
    server.faults = [Fault("/github/", "foreign-next")]
    assert isinstance(failure(instance, resource, start=START), ForeignOrigin)
    assert all(entry.host.startswith("127.0.0.1") for entry in server.log)


def test_a_pull_request_updated_during_the_walk_is_not_lost(instance, server):
    server.faults = [Fault("/graphql", "drift", times=1)]
    got = collect(github, instance, "pull_requests", start=START)
    assert sorted(set(got.keys_of())) == [str(10_000 + n) for n in range(PULLS)]
    jumped = [payload for _, when, payload in got.written["pull_requests"] if when == NOW]
    assert len(jumped) == 1, "the drift did not strike"


def test_a_listing_that_never_stands_still_fails(instance, server):
    server.faults = [Fault("/members", "drift", times=1_000)]
    original = server.store.at

    def shrinking(table, clock):
        rows = original(table, clock)
        shrinking.calls += 1
        return rows[shrinking.calls :] if table == "github.members" else rows

    shrinking.calls = 0
    server.store.at = shrinking
    try:
        error = failure(instance, "members")
    finally:
        del server.store.at
    assert "changed during each" in str(error)


def test_a_missing_token_names_both_places(instance, monkeypatch):
    monkeypatch.delenv("SOURCES__GITHUB_TEST__TOKEN")
    error = failure(instance, "members")
    assert "SOURCES__GITHUB_TEST__TOKEN" in str(error)
    assert ".dlt/secrets.toml" in str(error)


# doctor


def test_doctor_finds_nothing_wrong_with_an_owner(instance):
    findings = list(github.doctor(instance))
    assert [finding.ok for finding in findings] == [True] * 5


def test_doctor_says_what_a_poor_credential_will_miss(poor):
    wrong = {finding.check: finding for finding in github.doctor(poor) if not finding.ok}
    assert set(wrong) == {"organization", "branch protection"}
    assert all(finding.remedy and CANARY not in f"{finding}" for finding in wrong.values())


def test_doctor_stops_at_a_wrong_credential(instance, monkeypatch):
    monkeypatch.setenv("SOURCES__GITHUB_TEST__TOKEN", CANARY + "-wrong")
    findings = list(github.doctor(instance))
    assert [(finding.check, finding.ok) for finding in findings] == [("credential", False)]


def test_doctor_names_the_missing_scopes():
    from ingestion.sources.github.checkup import _scopes

    assert _scopes("repo, read:org").ok
    assert _scopes("admin:org, repo").ok
    assert _scopes(None).ok
    assert _scopes("public_repo").remedy == "Grant read:org, repo."


def test_stamp_of_the_company_is_utc():
    assert stamp(NOW).endswith("Z")
