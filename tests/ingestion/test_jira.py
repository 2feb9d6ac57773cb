"""Jira connector against the loopback server, and its mapping over recorded payloads."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from demo_server_kit import CANARY, NOW, begin, cause, collect, recorded, serving, through_pipeline, whole_text
from pydantic import ValidationError

from ingestion.contract import SourceError
from ingestion.demo.server import Fault
from ingestion.demo.server import jira as routes
from ingestion.demo.store import Store
from ingestion.http import NotAuthorized, NotPermitted, RateLimited
from ingestion.sources import jira
from ingestion.sources.jira import mapping
from ingestion.sources.jira.config import JiraFields, JiraInstance

START = datetime(2025, 1, 1, tzinfo=UTC)
TICKETS = 230


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def issue(number: int, updated: datetime, project: str = "ACC") -> dict[str, object]:
    return {
        "id": str(50000 + number),
        "key": f"{project}-{number}",
        "fields": {"summary": f"Access {number}", "updated": stamp(updated), "description": "never asked for"},
        "_context": {
            "beneficiary_account_id": f"5b{number}",
            "beneficiary_email": f"p{number}@harbor.example",
            "entitlements": ["okta:group:00g1", "github:role:admin"],
            "expires_at": "2026-03-01T05:00:00Z",
            "change_refs": ["https://github.harbor.example/harbor-payroll/payroll/pull/7"],
        },
    }


@pytest.fixture(scope="module")
def company() -> Store:
    store = Store()
    for n in range(TICKETS):
        updated = NOW - timedelta(hours=n + 1)
        row = issue(n, updated)
        store.add("jira.issues", str(row["id"]), updated, row)
        for k in range(3):
            history = {"id": f"7{n}{k}", "created": stamp(updated), "items": [], "_context": {"issue_id": row["id"]}}
            store.add("jira.issue_changelog", f"{row['id']}/{history['id']}", updated, history)
        if n == 5:
            for k in range(120):
                decided = {"iso8601": stamp(updated), "epochMillis": 0}
                approval = {"id": str(k), "finalDecision": "approved", "createdDate": decided, "completedDate": decided}
                approval["_context"] = {"issue_id": row["id"], "issue_key": row["key"]}
                store.add("jira.approvals", f"{row['id']}/{k}", updated, approval)
    other = issue(9000, NOW - timedelta(hours=2), "HR")
    store.add("jira.issues", str(other["id"]), START, other)
    for n in range(2300):
        store.add("jira.users", f"5b{n}", START, {"accountId": f"5b{n}", "active": n % 2 == 0})
    for n, name in enumerate(("To Do", "Approved", "Done")):
        store.add("jira.statuses", str(n), START, {"id": str(n), "name": name})
    return store


@pytest.fixture
def server(company, monkeypatch):
    with serving(company, monkeypatch) as running:
        monkeypatch.setenv("SOURCES__JIRA_TEST__TOKEN", running.tokens["jira"])
        yield running


@pytest.fixture
def instance(server):
    return JiraInstance(
        instance="jira-test", base_url=f"{server.url}/jira", email="collector@harbor.example", projects=("ACC",)
    )


def test_issues_of_the_window_with_approvals_and_changelog(instance):
    got = collect(jira, instance, "issues", start=START)
    assert len(set(got.keys_of())) == len(got.keys_of()) == TICKETS
    assert got.source_total == TICKETS
    assert got.pages == 3
    assert len(got.keys_of("approvals")) == 120
    assert len(got.keys_of("issue_changelog")) == 3 * TICKETS
    assert got.permission.result == "granted"
    assert "50005/119" in got.keys_of("approvals")
    assert got.payload("50005/119", "approvals")["_context"] == {"issue_id": "50005", "issue_key": "ACC-5"}


def test_only_the_fields_asked_for_and_their_meaning(instance):
    got = collect(jira, instance, "issues", start=START)
    row = got.payload("50007")
    assert "description" not in row["fields"]
    assert row["_context"] == {
        "beneficiary_account_id": "5b7",
        "beneficiary_email": "p7@harbor.example",
        "entitlements": ["okta:group:00g1", "github:role:admin"],
        "expires_at": "2026-03-01T05:00:00Z",
        "change_refs": ["https://github.harbor.example/harbor-payroll/payroll/pull/7"],
    }


def test_the_window_is_asked_in_the_zone_of_the_account(instance):
    start = NOW - timedelta(hours=10)
    got = collect(jira, instance, "issues", start=start)
    assert sorted(got.keys_of()) == [str(50000 + n) for n in range(10)]
    assert got.parameters["jql"] == (
        'project in ("ACC") AND updated >= "2025-12-31 14:30" AND updated < "2026-01-01 00:30" ORDER BY updated ASC'
    )


def test_seconds_of_the_window_are_widened_to_minutes(instance):
    clock = NOW + timedelta(seconds=20)
    got = collect(jira, instance, "issues", clock=clock, start=NOW - timedelta(hours=1) + timedelta(seconds=30))
    assert got.keys_of() == ["50000"]
    assert 'updated < "2026-01-01 00:31"' in got.parameters["jql"]


def test_changelog_has_an_instant_though_the_bulk_endpoint_gives_an_epoch(instance):
    got = collect(jira, instance, "issues", start=NOW - timedelta(hours=1))
    row = got.payload("50000/700", "issue_changelog")
    assert row["created"] == int((NOW - timedelta(hours=1)).timestamp() * 1000)
    assert row["_context"] == {"issue_id": "50000", "created_at": "2026-01-01T04:30:00Z"}


def test_an_issue_that_is_no_request_has_no_approvals(instance, server, monkeypatch):
    monkeypatch.setattr(routes, "_approvals", lambda request: routes._error(404, "no request"))
    got = collect(jira, instance, "issues", start=NOW - timedelta(hours=2))
    assert got.parameters["without_approvals"] == ["ACC-1", "ACC-0"]
    assert len(got.keys_of()) == 2


@pytest.fixture
def request_types(server, monkeypatch):
    """A site with the field Request Type, which ACC-1 has and ACC-0 has not; `statuses` is what the desk answers."""
    statuses = {"50000": 403}
    whole, issue_of, approvals = routes._fields, routes._issue, routes._approvals

    def fields(request):
        response = whole(request)
        schema = {"type": "sd-customerrequesttype", "custom": "com.atlassian.servicedesk:vp-origin", "customId": 10010}
        response.json.append({"id": "customfield_10010", "name": "Anfragetyp", "custom": True, "schema": schema})
        return response

    def shown(row, wanted):
        made = issue_of(row, wanted)
        if "customfield_10010" in wanted:
            kind = {"requestType": {"id": "11", "name": "Access"}}
            made["fields"]["customfield_10010"] = None if row["id"] == "50000" else kind
        return made

    def answer(request):
        status = statuses.get(request.args["issue"])
        return routes._error(status, "refused") if status else approvals(request)

    monkeypatch.setattr(routes, "_fields", fields)
    monkeypatch.setattr(routes, "_issue", shown)
    monkeypatch.setattr(routes, "_approvals", answer)
    server._vendors.clear()
    return statuses


@pytest.mark.parametrize("status", [403, 404])
def test_an_issue_without_request_type_is_refused_and_fails_nothing(status, instance, request_types):
    request_types["50000"] = status
    got = collect(jira, instance, "issues", start=NOW - timedelta(hours=7))
    assert len(got.keys_of()) == 7
    assert len(got.keys_of("approvals")) == 120
    assert got.parameters["without_approvals"] == ["ACC-0"]
    assert got.permission.result == "granted"
    assert "1 issues of service projects have no request type" in got.permission.detail


def test_a_request_that_is_refused_is_denied(instance, request_types):
    request_types["50001"] = 403
    with pytest.raises(Exception, match="jira-test") as caught:
        collect(jira, instance, "issues", start=NOW - timedelta(hours=7))
    assert isinstance(cause(caught.value), NotPermitted)
    assert "agent" in cause(caught.value).remedy


def test_a_request_that_is_not_found_makes_the_permission_unknown(instance, request_types):
    request_types["50001"] = 404
    got = collect(jira, instance, "issues", start=NOW - timedelta(hours=7))
    assert got.permission.result == "unknown"
    assert "approvals of 1 requests are not shown" in got.permission.detail


def test_without_the_field_a_refusal_is_denied(instance, server, monkeypatch):
    monkeypatch.setattr(routes, "_approvals", lambda request: routes._error(403, "refused"))
    with pytest.raises(Exception, match="jira-test") as caught:
        collect(jira, instance, "issues", start=NOW - timedelta(hours=2))
    assert isinstance(cause(caught.value), NotPermitted)


def test_users_and_statuses(instance):
    users = collect(jira, instance, "users")
    assert len(users.keys_of()) == 2300
    assert users.parameters["rereads"] == 0
    assert collect(jira, instance, "statuses").keys_of() == ["0", "1", "2"]


def test_a_single_user(instance, server):
    server.store = Store({"jira.users": server.store.tables["jira.users"][:1]})
    assert collect(jira, instance, "users").keys_of() == ["5b0"]


def test_users_that_shift_between_pages_are_read_again(instance, server):
    """A user deleted meanwhile moves the next ones up: an offset alone would skip one."""
    server.faults = [Fault("users/search", "drift")]
    got = collect(jira, instance, "users")
    assert len(got.keys_of()) == 2300
    assert got.parameters["rereads"] == 1


def test_users_that_never_stand_still(instance, server):
    server.faults = [Fault("users/search", "drift", times=99)]
    with pytest.raises(Exception, match="kept changing") as caught:
        collect(jira, instance, "users")
    assert isinstance(cause(caught.value), SourceError)


@pytest.mark.parametrize("where", ["search/jql", "users/search", "bulkfetch", "/approval"])
def test_overlapping_pages_are_written_once(instance, server, where):
    server.faults = [Fault(where, "duplicate-page", times=99)]
    assert len(collect(jira, instance, "users").keys_of()) == 2300
    got = collect(jira, instance, "issues", start=START)
    assert [len(got.keys_of(table)) for table in ("issues", "approvals", "issue_changelog")] == [230, 120, 690]


@pytest.mark.parametrize("page_size", ["_MAX_ISSUES", "_MAX_HISTORIES"])
def test_paging_that_goes_in_circles(instance, monkeypatch, page_size):
    monkeypatch.setattr(routes, page_size, 50)
    monkeypatch.setattr(routes, "_token", lambda position: base64.urlsafe_b64encode(b"next:0").decode())
    with pytest.raises(Exception, match="same page token twice") as caught:
        collect(jira, instance, "issues", start=START)
    assert isinstance(cause(caught.value), SourceError)


def test_rate_limit(instance, server):
    server.faults = [Fault("search/jql", "429", times=2)]
    got = collect(jira, instance, "issues", start=NOW - timedelta(hours=1))
    assert got.http_statuses[429] == 2
    assert server.waits == [5.0, 5.0]
    server.faults = [Fault("search/jql", "429", times=99)]
    with pytest.raises(Exception, match="jira-test") as caught:
        collect(jira, instance, "issues", start=NOW - timedelta(hours=1))
    assert isinstance(cause(caught.value), RateLimited)


@pytest.mark.parametrize("kind", ["500", "drop", "cut"])
def test_server_trouble_is_retried(instance, server, kind):
    server.faults = [Fault("/jira", kind, times=4, every=2)]
    assert len(collect(jira, instance, "issues", start=START).keys_of()) == TICKETS
    assert len(server.waits) == 4


@pytest.mark.parametrize("resource", ["issues", "users", "statuses"])
@pytest.mark.parametrize("how", ["token", "empty", "403"])
def test_no_permission(instance, server, resource, how, monkeypatch):
    if how == "token":
        monkeypatch.setenv("SOURCES__JIRA_TEST__TOKEN", server.unprivileged["jira"])
    else:
        server.faults = [Fault("/jira", "403" if how == "403" else "empty-no-permission", times=99)]
    got = begin(instance, resource, start=START)
    with pytest.raises(Exception, match="jira-test") as caught:
        collect(jira, instance, resource, into=got)
    assert isinstance(cause(caught.value), NotPermitted)
    assert got.permission.result == "denied"
    assert CANARY not in whole_text(caught.value)


def test_issues_that_are_counted_but_not_shown(instance, server):
    server.faults = [Fault("search/jql", "empty-no-permission", times=9)]
    with pytest.raises(Exception, match="counts 230 issues and shows none") as caught:
        collect(jira, instance, "issues", start=START)
    assert isinstance(cause(caught.value), NotPermitted)


def test_a_window_without_issues(instance):
    got = collect(jira, instance, "issues", clock=NOW, start=NOW - timedelta(minutes=10))
    assert (got.keys_of(), got.source_total, got.permission.result) == ([], 0, "granted")


def test_wrong_token_and_no_secret_in_any_text(instance, server, monkeypatch):
    monkeypatch.setenv("SOURCES__JIRA_TEST__TOKEN", CANARY)
    got = begin(instance, "issues", start=START)
    with pytest.raises(Exception, match="jira-test") as caught:
        collect(jira, instance, "issues", into=got)
    assert isinstance(cause(caught.value), NotAuthorized)
    assert CANARY not in whole_text(caught.value)
    assert CANARY not in json.dumps([got.parameters, got.state, str(got.permission)])


def test_through_the_pipeline(instance, server, tmp_path):
    server.faults = [Fault("users/search", "401", times=9)]
    entries = {entry["resource"]: entry for entry in through_pipeline(tmp_path, instance, server, NOW)}
    assert {name: entry["kind"] for name, entry in entries.items()} == {
        "issues": "committed",
        "users": "failed",
        "statuses": "committed",
    }
    counts = {table: facts["rows"] for table, facts in entries["issues"]["tables"].items()}
    assert counts == {"issues": TICKETS, "approvals": 120, "issue_changelog": 3 * TICKETS}
    assert entries["issues"]["source_total"] == TICKETS
    assert "401" in entries["users"]["error"]


def test_doctor(instance, server, monkeypatch):
    assert [finding.check for finding in jira.doctor(instance) if not finding.ok] == []
    blind = instance.model_copy(update={"projects": ("ACC", "NONE"), "fields": JiraFields(beneficiary="For whom")})
    found = {finding.check: finding for finding in jira.doctor(blind)}
    assert not found["project NONE"].ok
    assert "Browse Projects" in found["project NONE"].remedy
    assert not found["field beneficiary"].ok
    monkeypatch.setenv("SOURCES__JIRA_TEST__TOKEN", server.unprivileged["jira"])
    assert {f.check for f in jira.doctor(instance) if not f.ok} == {"project ACC", "users"}
    monkeypatch.setenv("SOURCES__JIRA_TEST__TOKEN", "wrong")
    assert [finding.check for finding in jira.doctor(instance)] == ["token"]


def test_fields_by_id_by_name_and_ambiguous(instance, monkeypatch):
    client = jira.client_of(instance)
    named = instance.model_copy(update={"fields": JiraFields(beneficiary="customfield_10104", change_refs=None)})
    assert jira.resolve_fields(named, jira.fields_of(client)) == {
        "beneficiary": "customfield_10104",
        "entitlements": "customfield_10102",
        "expires_at": "customfield_10103",
        "change_refs": None,
    }
    monkeypatch.setitem(routes.CUSTOM_FIELDS, "customfield_10105", "entitlements")
    with pytest.raises(SourceError, match="2 fields are named 'Entitlements'"):
        jira.resolve_fields(named, jira.fields_of(client))


def one(instance: JiraInstance, **values: object) -> dict[str, object]:
    """The mapped context of an issue whose fields have these values."""
    fields = dict.fromkeys(JiraFields.model_fields) | {name: name for name in values}
    ((_, _, payload),) = mapping.issues_of(instance, fields, [{"id": "1", "key": "ACC-1", "fields": values}])
    return payload["_context"]


def test_shapes_of_custom_fields():
    there = JiraInstance(
        instance="jira-test",
        base_url="https://x.atlassian.net",
        projects=("ACC",),
        entitlement_choices={"Payroll admin": "okta:group:00g9"},
    )
    picker = {"accountId": "5b1", "emailAddress": "a@harbor.example"}
    assert one(there, beneficiary=[picker])["beneficiary_account_id"] == "5b1"
    assert one(there, beneficiary=[picker, picker])["beneficiary_account_id"] is None
    assert one(there, beneficiary="for a@harbor.example")["beneficiary_email"] == "a@harbor.example"
    rich = {
        "type": "doc",
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "Payroll admin"}]},
            {"type": "paragraph", "content": [{"type": "text", "text": "okta:app:0oa1, okta:app:0oa2"}]},
        ],
    }
    assert one(there, entitlements=rich)["entitlements"] == ["okta:group:00g9", "okta:app:0oa1", "okta:app:0oa2"]
    assert one(there, entitlements=[{"value": "Payroll admin"}])["entitlements"] == ["okta:group:00g9"]
    assert one(there, expires_at="2026-03-07")["expires_at"] == "2026-03-08T05:00:00Z"
    assert one(there, expires_at="2026-03-08")["expires_at"] == "2026-03-09T04:00:00Z"  # clocks go forward that day
    assert one(there, expires_at="2026-03-08T17:00:00.000-0500")["expires_at"] == "2026-03-08T22:00:00Z"
    assert one(there, expires_at="soon")["expires_at"] is None
    assert one(there)["entitlements"] == []
    with pytest.raises(ValidationError):
        JiraInstance(instance="jira-test", base_url="https://x.atlassian.net", projects=())


def test_epochs_and_texts():
    assert mapping.when(1492070429) == mapping.when(1492070429000) == datetime(2017, 4, 13, 8, 0, 29, tzinfo=UTC)
    assert mapping.when("2016-09-28T14:01:00+0700") == datetime(2016, 9, 28, 7, 1, tzinfo=UTC)
    assert mapping.when(None) is None


def test_recorded_issues_and_users():
    there = JiraInstance(instance="jira-test", base_url="https://x.atlassian.net", projects=("TEST",))
    rows = json.loads(recorded("jira", "faros_src", "issues.json").read_text(encoding="utf-8"))
    fields = dict.fromkeys(JiraFields.model_fields)
    made = list(mapping.issues_of(there, fields, rows))
    assert [key for key, _, _ in made] == [row["id"] for row in rows]
    logs = [{"issueId": row["id"], "changeHistories": row.get("changelog", {}).get("histories", [])} for row in rows]
    changes = list(mapping.changelog_of(logs))
    assert changes[0][0] == "12345/123350"
    assert changes[0][2]["_context"]["created_at"] == "2024-07-04T12:41:00Z"
    assert begin(there, "issues").page("issues", made).num_rows == len(rows)
