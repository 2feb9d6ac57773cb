"""BambooHR connector against the loopback server, and its mapping over recorded payloads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from demo_server_kit import CANARY, NOW, begin, cause, collect, recorded, serving, through_pipeline, whole_text
from pydantic import ValidationError

from ingestion.demo.server import Fault
from ingestion.demo.store import Store
from ingestion.http import NotAuthorized, NotPermitted, Unreachable
from ingestion.sources import bamboohr
from ingestion.sources.bamboohr.config import BamboohrInstance

START = datetime(2025, 1, 1, tzinfo=UTC)


def employee(number: int, **fields: object) -> dict[str, object]:
    return {
        "id": str(number),
        "employeeNumber": f"E{number}",
        "displayName": f"Person {number}",
        "workEmail": f"p{number}@harbor.example",
        "status": "Active",
        "employmentHistoryStatus": "Full-Time",
        "hireDate": "2024-02-01",
        "originalHireDate": "0000-00-00",
        "terminationDate": "0000-00-00",
        "supervisorEId": "1",
        "location": "Boston",
        "lastChanged": "2025-06-01T12:00:00+00:00",
        **fields,
    }


@pytest.fixture
def company() -> Store:
    store = Store()
    people = [employee(n) for n in range(1, 6)]
    people.append(employee(6, status="Active", employmentHistoryStatus="Terminated", terminationDate="2025-11-03"))
    people.append(
        employee(
            7,
            status="Inactive",
            employmentHistoryStatus="Terminated",
            terminationDate="2025-11-04",
            location="Denver",
            customTerminationRecordedAt="2025-11-04 16:30:00",
            customTerminationInstant="2025-11-04T17:00:00-07:00",
        )
    )
    for person in people:
        store.add("bamboohr.employees", str(person["id"]), START, person)
        row = {
            "id": f"9{person['id']}",
            "employeeId": person["id"],
            "date": "2024-02-01",
            "employmentStatus": "Full-Time",
        }
        store.add("bamboohr.employment_status", row["id"], START, row)
        job = {"id": f"8{person['id']}", "employeeId": person["id"], "date": "2024-02-01", "reportsTo": "Person 1"}
        store.add("bamboohr.job_info", job["id"], START, job)
    return store


@pytest.fixture
def server(company, monkeypatch):
    with serving(company, monkeypatch) as running:
        monkeypatch.setenv("SOURCES__HR_TEST__TOKEN", running.tokens["bamboohr"])
        yield running


@pytest.fixture
def instance(server):
    return BamboohrInstance(
        instance="hr-test", base_url=f"{server.url}/bamboohr", company="harbor", zones={"Denver": "America/Denver"}
    )


def test_terminated_employees_are_there_and_records_stay_as_sent(instance):
    got = collect(bamboohr, instance, "employees")
    assert got.keys_of() == ["1", "2", "3", "4", "5", "6", "7"]
    assert got.payload("1")["terminationDate"] == "0000-00-00"
    odd = got.payload("6")
    assert (odd["status"], odd["employmentHistoryStatus"]) == ("Active", "Terminated")
    assert got.written["employees"][0][1] == datetime(2025, 6, 1, 12, tzinfo=UTC)
    assert got.permission.result == "granted"


def test_context_is_mapped_by_configuration(instance):
    got = collect(bamboohr, instance, "employees")
    assert got.payload("7")["_context"] == {
        "zone": "America/Denver",
        "calendar": "US-Federal",
        "termination_recorded_at": "2025-11-04T23:30:00Z",
        "termination_instant": "2025-11-05T00:00:00Z",
    }
    assert got.payload("6")["_context"] == {
        "zone": "America/New_York",
        "calendar": "US-Federal",
        "termination_recorded_at": None,
        "termination_instant": None,
    }


def test_a_mere_date_is_no_instant(instance, company):
    row = employee(8, customTerminationRecordedAt="2025-11-04", customTerminationInstant="0000-00-00 00:00:00")
    company.add("bamboohr.employees", "8", START, row)
    context = collect(bamboohr, instance, "employees").payload("8")["_context"]
    assert (context["termination_recorded_at"], context["termination_instant"]) == (None, None)


def test_tables(instance):
    status = collect(bamboohr, instance, "employment_status")
    assert status.payload("97")["_context"] == {"zone": "America/Denver"}
    assert status.payload("91")["_context"] == {"zone": "America/New_York"}
    job = collect(bamboohr, instance, "job_info")
    assert job.payload("81")["reportsTo"] == "Person 1"
    assert "_context" not in job.payload("81")


def test_the_clock_decides_what_is_there(instance, server):
    server.clock = START - timedelta(days=1)
    with pytest.raises(Exception, match="no employees"):
        collect(bamboohr, instance, "employees", clock=server.clock)


def test_rate_limit_is_a_503_with_retry_after(instance, server):
    server.faults = [Fault("reports/custom", "429", times=2)]
    got = collect(bamboohr, instance, "employees")
    assert got.http_statuses == {503: 2, 200: 1}
    assert server.waits == [7.0, 7.0]


@pytest.mark.parametrize("kind", ["500", "drop", "cut"])
def test_server_trouble_is_retried(instance, server, kind):
    server.faults = [Fault("/bamboohr", kind, times=2)]
    assert len(collect(bamboohr, instance, "job_info").keys_of()) == 7


def test_server_trouble_for_ever(instance, server):
    server.faults = [Fault("/bamboohr", "429", times=99)]
    with pytest.raises(Exception, match="hr-test") as caught:
        collect(bamboohr, instance, "job_info")
    assert isinstance(cause(caught.value), Unreachable)


@pytest.mark.parametrize("resource", ["employees", "employment_status", "job_info"])
@pytest.mark.parametrize("how", ["token", "empty", "403"])
def test_no_permission(instance, server, resource, how, monkeypatch):
    if how == "token":
        monkeypatch.setenv("SOURCES__HR_TEST__TOKEN", server.unprivileged["bamboohr"])
    else:
        server.faults = [Fault("/bamboohr", "403" if how == "403" else "empty-no-permission", times=9)]
    got = begin(instance, resource)
    with pytest.raises(Exception, match="hr-test") as caught:
        collect(bamboohr, instance, resource, into=got)
    assert isinstance(cause(caught.value), NotPermitted)
    assert got.permission.result == "denied"
    assert not got.keys_of()
    assert CANARY not in whole_text(caught.value)


def test_hidden_fields():
    people = [employee(1), employee(2, status="Inactive", terminationDate="")]
    answer = {"fields": [{"id": name} for name in people[0]], "employees": people}
    assert bamboohr.hidden_fields(["id", "workEmail", "hireDate"], answer) == ["terminationDate"]
    people[1]["terminationDate"] = "2025-11-03"
    assert bamboohr.hidden_fields(["id", "workEmail", "hireDate"], answer) == []
    assert bamboohr.hidden_fields(["id", "country"], answer) == ["country"]
    for person in people:
        person["hireDate"] = None
    assert bamboohr.hidden_fields(["id", "hireDate"], answer) == ["hireDate"]


def test_a_hidden_field_that_decides_no_rule_is_disclosed(instance):
    got = collect(bamboohr, instance, "employees")
    assert got.permission.result == "granted"
    assert "country" in got.permission.detail


def test_wrong_key_and_no_secret_in_any_text(instance, server, monkeypatch):
    monkeypatch.setenv("SOURCES__HR_TEST__TOKEN", CANARY)
    got = begin(instance, "employees")
    with pytest.raises(Exception, match="hr-test") as caught:
        collect(bamboohr, instance, "employees", into=got)
    assert isinstance(cause(caught.value), NotAuthorized)
    assert CANARY not in whole_text(caught.value)
    assert CANARY not in json.dumps([got.parameters, got.state, str(got.permission)])


def test_through_the_pipeline(instance, server, tmp_path):
    server.faults = [Fault("tables/jobInfo", "empty-no-permission")]
    entries = {entry["resource"]: entry for entry in through_pipeline(tmp_path, instance, server, NOW)}
    assert {name: entry["kind"] for name, entry in entries.items()} == {
        "employees": "committed",
        "employment_status": "committed",
        "job_info": "failed",
    }
    assert entries["employees"]["rows"] == 7
    assert entries["job_info"]["permission"]["result"] == "denied"


def test_doctor(instance, server, monkeypatch):
    good = {finding.check: finding.ok for finding in bamboohr.doctor(instance)}
    assert good.pop("field country") is False
    assert good.pop("field department") is False
    assert {check for check, ok in good.items() if not ok} == {"field firstName", "field lastName", "field jobTitle"}
    monkeypatch.setenv("SOURCES__HR_TEST__TOKEN", server.unprivileged["bamboohr"])
    small = {finding.check: finding for finding in bamboohr.doctor(instance)}
    assert not small["field terminationDate"].ok
    assert not small["table jobInfo"].ok
    assert "Access Levels" in small["table jobInfo"].remedy
    monkeypatch.setenv("SOURCES__HR_TEST__TOKEN", "wrong")
    assert [finding.check for finding in bamboohr.doctor(instance) if not finding.ok] == ["key"]


def test_configuration():
    with pytest.raises(ValidationError, match="no IANA time zone"):
        BamboohrInstance(instance="hr-test", company="harbor", zone="Boston")
    assert BamboohrInstance(instance="hr-test", company="harbor").base_url == "https://api.bamboohr.com"


def test_recorded_employee(instance):
    row = json.loads(recorded("hris_bamboohr", "faros_src", "user_details_input.json").read_text(encoding="utf-8"))
    ((key, changed, payload),) = bamboohr.employees_of(instance, [row])
    assert key == "109"
    assert changed == datetime(2022, 5, 21, 3, 36, 16, tzinfo=UTC)
    assert payload["terminationDate"] == "0000-00-00"
    assert payload["_context"]["zone"] == "America/New_York"
    assert begin(instance, "employees", NOW).page("employees", [(key, changed, payload)]).num_rows == 1
