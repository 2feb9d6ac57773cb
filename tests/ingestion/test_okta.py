"""Okta connector against the loopback server, and its mapping over recorded payloads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from demo_server_kit import CANARY, NOW, begin, cause, collect, recorded, serving, through_pipeline, whole_text

from ingestion.contract import Collection, SourceError
from ingestion.demo.server import Fault
from ingestion.demo.store import Store
from ingestion.http import ForeignOrigin, NotAuthorized, NotPermitted, RateLimited, Unreachable
from ingestion.sources import okta
from ingestion.sources.okta.config import OktaInstance

START = datetime(2025, 1, 1, tzinfo=UTC)
USERS = [f"00u{n:04d}" for n in range(450)]
LEFT = {"00u0003", "00u0250"}
RESOURCES = [resource.name for resource in okta.RESOURCES]


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture(scope="module")
def company() -> Store:
    store = Store()
    for user in USERS:
        status = "DEPROVISIONED" if user in LEFT else "ACTIVE"
        profile = {"login": f"{user}@harbor.example"}
        store.add(
            "okta.users", user, START, {"id": user, "status": status, "lastUpdated": stamp(START), "profile": profile}
        )
    for n in range(3):
        group, app = f"00g{n}", f"0oa{n}"
        store.add("okta.groups", group, START, {"id": group, "lastUpdated": stamp(START), "profile": {"name": f"g{n}"}})
        store.add("okta.apps", app, START, {"id": app, "label": f"app {n}", "lastUpdated": stamp(START)})
        for user in USERS[: 10 * (n + 1)]:
            store.add("okta.group_members", f"{group}/{user}", START, {"id": user, "_context": {"group_id": group}})
            store.add("okta.app_users", f"{app}/{user}", START, {"id": user, "_context": {"app_id": app}})
        store.add("okta.app_groups", f"{app}/{group}", START, {"id": group, "_context": {"app_id": app}})
    for user in USERS[:120]:
        role = {"id": f"ra-{user}", "type": "HELP_DESK_ADMIN", "_context": {"user_id": user}}
        store.add("okta.role_assignments", f"{user}/ra-{user}", START, role)
    store.add("okta.api_tokens", "00T1", START, {"id": "00T1", "name": "evidence", "userId": USERS[0]})
    for n in range(2500):
        when = NOW - timedelta(hours=n + 1)
        event = {"uuid": f"e{n:05d}", "eventType": "user.session.start", "published": stamp(when)}
        store.add("okta.system_log", event["uuid"], when, event)
    return store


@pytest.fixture
def server(company, monkeypatch):
    with serving(company, monkeypatch) as running:
        monkeypatch.setenv("SOURCES__OKTA_TEST__TOKEN", running.tokens["okta"])
        yield running


@pytest.fixture
def instance(server):
    return OktaInstance(instance="okta-test", base_url=f"{server.url}/okta")


def test_users_come_in_pages_and_include_the_deprovisioned(instance, server):
    got = collect(okta, instance, "users")
    assert sorted(got.keys_of()) == USERS
    assert got.payload("00u0003")["status"] == "DEPROVISIONED"
    assert (got.pages, got.requests, got.http_statuses[200]) == (4, 4, 4)
    assert got.permission.result == "granted"
    assert got.written["users"][0][1] == START
    assert all(len(entry.target) < 400 and entry.authorized for entry in server.log)


@pytest.mark.parametrize(
    ("resource", "keys", "pages"),
    [
        ("groups", 3, 1),
        ("apps", 3, 1),
        ("group_members", 60, 3),
        ("app_users", 60, 3),
        ("app_groups", 3, 3),
        ("role_assignments", 120, 120),
        ("api_tokens", 1, 1),
    ],
)
def test_every_snapshot(instance, resource, keys, pages):
    got = collect(okta, instance, resource)
    assert (len(got.keys_of()), len(set(got.keys_of())), got.pages) == (keys, keys, pages)


def test_keys_and_context_of_children(instance):
    got = collect(okta, instance, "group_members")
    assert got.payload("00g1/00u0003")["_context"] == {"group_id": "00g1"}
    assert "00u0000/ra-00u0000" in collect(okta, instance, "role_assignments").keys_of()


def test_more_administrators_than_one_page_holds(instance, server):
    """The list of assignees has its next link in the body."""
    collect(okta, instance, "role_assignments")
    assert sum("/iam/assignees/users" in entry.target for entry in server.log) == 2


def test_system_log_is_read_by_window(instance):
    start = NOW - timedelta(hours=1500)
    got = collect(okta, instance, "system_log", start=start)
    assert got.keys_of() == [f"e{n:05d}" for n in range(1499, -1, -1)]
    assert got.pages == 2
    assert not got.gaps
    assert got.parameters["since"] == stamp(start)


def test_through_the_pipeline(instance, server, tmp_path, monkeypatch):
    """One tick that goes well, with a gap beyond the log's retention; one with a token that may see nothing."""
    entries = through_pipeline(tmp_path, instance, server, NOW)
    committed = {entry["resource"]: entry for entry in entries if entry["kind"] == "committed"}
    assert sorted(committed) == sorted(RESOURCES)
    assert committed["users"]["rows"] == len(USERS)
    assert committed["system_log"]["gaps"][0] | {"cause": ""} == {
        "from": "2025-09-23T05:30:00Z",
        "to": "2025-10-03T05:30:00Z",
        "cause": "",
    }
    assert len(committed["system_log"]["gaps"]) == 1
    monkeypatch.setenv("SOURCES__OKTA_TEST__TOKEN", server.unprivileged["okta"])
    later = through_pipeline(tmp_path, instance, server, NOW + timedelta(days=1))[len(entries) :]
    failed = [entry for entry in later if entry["kind"] == "failed"]
    assert sorted(entry["resource"] for entry in failed) == sorted(RESOURCES)
    assert {entry["permission"]["result"] for entry in failed} == {"denied"}


def test_group_that_disappears_is_noted(instance, server):
    got = begin(instance, "group_members")
    pages = iter(okta.source(instance, {"group_members": got}))
    next(pages)  # the groups are listed and the members of the first are read
    later = Store(server.store.tables)
    later.tables["okta.groups"] = [row for row in later.tables["okta.groups"] if row.key != "00g1"]
    server.store = later
    assert sum(1 for _ in pages) == 1
    assert got.parameters["disappeared"] == ["00g1"]
    assert {key.split("/")[0] for key in got.keys_of()} == {"00g0", "00g2"}


def test_rate_limit_waits_until_the_reset_epoch(instance, server):
    server.faults = [Fault("/okta/api/v1/groups", "429", times=2)]
    got = collect(okta, instance, "groups")
    assert len(got.keys_of()) == 3
    assert got.http_statuses == {429: 2, 200: 1}
    assert server.waits == [31.0, 31.0]


def test_rate_limit_for_ever(instance, server):
    server.faults = [Fault("groups", "429", times=99)]
    with pytest.raises(Exception, match="okta-test") as caught:
        collect(okta, instance, "groups")
    assert isinstance(cause(caught.value), RateLimited)


@pytest.mark.parametrize("kind", ["500", "drop", "cut"])
def test_server_trouble_is_retried(instance, server, kind):
    server.faults = [Fault("/okta/api/v1/users", kind, times=2, every=2)]
    got = collect(okta, instance, "users")
    assert sorted(got.keys_of()) == USERS
    assert len(server.waits) == 2


def test_server_trouble_for_ever(instance, server):
    server.faults = [Fault("users", "drop", times=99)]
    with pytest.raises(Exception, match="okta-test") as caught:
        collect(okta, instance, "users")
    assert isinstance(cause(caught.value), Unreachable)


def test_overlapping_pages_are_written_once(instance, server):
    server.faults = [Fault(r"users\?.*after=", "duplicate-page", times=9)]
    got = collect(okta, instance, "users")
    assert sorted(got.keys_of()) == USERS


def test_paging_that_goes_in_circles(instance, monkeypatch):
    monkeypatch.setattr("ingestion.demo.server.okta._cursor", lambda position: "")
    with pytest.raises(Exception, match="came back to a page") as caught:
        collect(okta, instance, "users")
    assert isinstance(cause(caught.value), SourceError)


def test_a_system_log_that_points_at_its_own_end_is_read_once(instance, server, monkeypatch):
    """Okta's next link may never go away: at the end it repeats itself, with an empty page behind it."""
    from ingestion.demo.server import okta as routes

    whole = routes._page

    def endless(request, rows, default, maximum):
        response = whole(request, rows, default, maximum)
        if 'rel="next"' not in response.headers["Link"]:
            link = request.next_url(after=routes._cursor(len(rows)), limit=1000)
            response.headers["Link"] += f', <{link}>; rel="next"'
        return response

    monkeypatch.setattr(routes, "_page", endless)
    got = collect(okta, instance, "system_log", start=NOW - timedelta(hours=1500))
    assert len(got.keys_of()) == 1500
    assert sum("/logs" in entry.target for entry in server.log) == 3


@pytest.mark.parametrize("resource", ["apps", "app_users", "app_groups"])
def test_inactive_applications_are_asked_for(resource, instance, server):
    collect(okta, instance, resource)
    asked = [entry.target for entry in server.log if entry.target.startswith("/okta/api/v1/apps?")]
    assert asked
    assert all("includeNonDeleted=true" in target for target in asked)


def test_what_role_assignments_leave_out_is_said(instance):
    detail = collect(okta, instance, "role_assignments").permission.detail
    assert "service apps" in detail
    assert "403" in collect(okta, instance, "groups").permission.detail


def test_foreign_next_link_is_refused_before_it_is_followed(instance, server):
    server.faults = [Fault(r"/okta/api/v1/users", "foreign-next")]
    with pytest.raises(Exception, match="okta-test") as caught:
        collect(okta, instance, "users")
    assert isinstance(cause(caught.value), ForeignOrigin)
    assert not [entry for entry in server.log if "localhost" in entry.host]


@pytest.mark.parametrize("resource", ["users", "groups", "apps", "role_assignments", "api_tokens"])
def test_empty_answer_without_permission(instance, server, resource):
    server.faults = [Fault("/okta", "empty-no-permission", times=99)]
    got = begin(instance, resource)
    with pytest.raises(Exception, match="okta-test") as caught:
        collect(okta, instance, resource, into=got)
    assert isinstance(cause(caught.value), NotPermitted)
    assert got.permission.result == "denied"


@pytest.mark.parametrize("resource", RESOURCES)
def test_unprivileged_token(instance, server, resource, monkeypatch):
    monkeypatch.setenv("SOURCES__OKTA_TEST__TOKEN", server.unprivileged["okta"])
    got = begin(instance, resource, start=NOW - timedelta(days=1))
    with pytest.raises(Exception, match="okta-test") as caught:
        collect(okta, instance, resource, into=got)
    assert isinstance(cause(caught.value), NotPermitted)
    assert got.permission.result == "denied"
    assert CANARY not in whole_text(caught.value)


def test_wrong_token_and_no_secret_in_any_text(instance, server, monkeypatch):
    monkeypatch.setenv("SOURCES__OKTA_TEST__TOKEN", CANARY)
    got = begin(instance, "users")
    with pytest.raises(Exception, match="okta-test") as caught:
        collect(okta, instance, "users", into=got)
    assert isinstance(cause(caught.value), NotAuthorized)
    assert CANARY not in whole_text(caught.value)
    assert CANARY not in json.dumps([got.parameters, got.state, str(got.permission)])


def test_doctor(instance, server, monkeypatch):
    good = list(okta.doctor(instance))
    assert all(finding.ok for finding in good)
    assert len(good) == 8
    monkeypatch.setenv("SOURCES__OKTA_TEST__TOKEN", server.unprivileged["okta"])
    small = {finding.check: finding for finding in okta.doctor(instance)}
    assert small["token"].ok
    assert not small["system log"].ok
    assert "Report Administrator" in small["system log"].remedy
    monkeypatch.setenv("SOURCES__OKTA_TEST__TOKEN", "wrong")
    assert [finding.ok for finding in okta.doctor(instance)] == [False]
    gone = OktaInstance(instance="okta-test", base_url="http://127.0.0.1:9")
    assert [finding.check for finding in okta.doctor(gone)] == ["address"]


def test_recorded_users_and_events():
    lines = recorded("okta", "probo_okta.jsonl").read_text(encoding="utf-8").splitlines()
    users = [row for line in lines for row in json.loads(line)["body"]]
    made = list(okta.records_of("users", users))
    assert [key for key, _, _ in made] == [user["id"] for user in users]
    examples = json.loads(recorded("okta", "openapi_examples.json").read_text(encoding="utf-8"))
    events = list(okta.records_of("system_log", examples["ListLogs"]))
    assert events
    assert all(when is not None for _, when, _ in events)
    roles = [row | {"_context": {"user_id": "00u1"}} for row in examples["StandardRolesListResponse"]]
    assert [key for key, _, _ in okta.records_of("role_assignments", roles)] == [f"00u1/{row['id']}" for row in roles]
    collection: Collection = begin(OktaInstance(instance="okta-test", base_url="https://x.okta.com"), "users")
    assert collection.page("users", made).num_rows == len(users)
