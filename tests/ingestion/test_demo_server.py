"""The loopback server: transport, faults, credentials, retention and page limits."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests

from ingestion.demo.server import DemoServer, Fault
from ingestion.demo.store import Store

T = datetime(2026, 1, 1, tzinfo=UTC)
OKTA = {"Authorization": "SSWS demo-okta-token"}
BASIC = ("anything@harbor.example", "demo-jira-token")


@pytest.fixture
def server():
    store = Store()
    for n in range(5):
        store.add("okta.users", f"u{n}", T, {"id": f"u{n}", "status": "ACTIVE", "_context": {"secret": "never sent"}})
    for day in range(200):
        when = T - timedelta(days=day, hours=1)
        event = {"uuid": f"e{day}", "published": when.isoformat()}
        store.add("okta.system_log", event["uuid"], when, event)
    with DemoServer(store, clock=T) as running:
        yield running


@pytest.fixture
def session(server):
    with requests.Session() as made:
        made.headers.update(OKTA)
        yield made


def test_connections_are_kept_alive_and_the_clock_is_in_the_date(server, session):
    for _ in range(3):
        answer = session.get(f"{server.url}/okta/api/v1/users")
    assert answer.headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert len(answer.json()) == 5
    (pool,) = session.adapters["http://"].poolmanager.pools._container.values()
    assert (pool.num_connections, pool.num_requests) == (1, 3)
    assert "_context" not in answer.text
    assert "never sent" not in answer.text


def test_the_clock_can_be_set(server, session):
    server.clock = T - timedelta(days=1)
    assert session.get(f"{server.url}/okta/api/v1/users").json() == []
    server.clock = T
    assert len(session.get(f"{server.url}/okta/api/v1/users").json()) == 5


def test_without_a_clock_it_is_the_end_of_the_store(server):
    with DemoServer(server.store) as other:
        answer = requests.get(f"{other.url}/okta/api/v1/users", headers=OKTA, timeout=5)
        assert len(answer.json()) == 5
        assert other.clock == T
    with DemoServer(Store()) as empty:
        assert requests.get(f"{empty.url}/okta/api/v1/users", headers=OKTA, timeout=5).json() == []


def test_unknown_vendor_route_and_method(server, session):
    assert session.get(f"{server.url}/entra/users").status_code == 404
    assert session.get(f"{server.url}/okta/api/v1/unknown").status_code == 404
    assert session.post(f"{server.url}/okta/api/v1/users").status_code == 405


def test_a_vendor_without_a_module_does_not_break_the_others(server, session, monkeypatch):
    monkeypatch.setattr("ingestion.demo.server.VENDORS", ("okta", "absent"))
    assert session.get(f"{server.url}/absent/x").status_code == 404
    assert session.get(f"{server.url}/okta/api/v1/users").status_code == 200
    assert "ingestion.demo.server.absent" not in sys.modules


@pytest.mark.parametrize(
    ("vendor", "path", "status"),
    [
        ("okta", "/api/v1/users", 401),
        ("bamboohr", "/api/gateway.php/harbor/v1/x", 401),
        ("jira", "/rest/api/3/myself", 401),
    ],
)
def test_without_a_token(server, vendor, path, status):
    url = f"{server.url}/{vendor}{path}"
    assert requests.get(url, timeout=5).status_code == status
    assert requests.get(url, timeout=5, headers={"Authorization": "Basic %%%"}).status_code == status
    assert requests.get(url, timeout=5, auth=("wrong", "wrong")).status_code == status
    assert [entry.authorized for entry in server.log] == [False, True, True]


def test_okta_speaks_of_its_limits(server, session):
    answer = session.get(f"{server.url}/okta/api/v1/users", params={"limit": 2})
    assert len(answer.json()) == 2
    following = answer.links["next"]["url"]
    assert following.startswith(server.url)
    assert int(answer.headers["X-Rate-Limit-Remaining"]) > 0
    assert [row["id"] for row in session.get(following).json()] == ["u2", "u3"]
    assert session.get(f"{server.url}/okta/api/v1/users", params={"after": "forged"}).status_code == 400
    refused = session.get(f"{server.url}/okta/api/v1/users", params={"filter": 'profile.login sw "a"'})
    assert refused.json()["errorCode"] == "E0000001"


def test_okta_keeps_its_log_for_ninety_days(server, session):
    url = f"{server.url}/okta/api/v1/logs"
    all_of_it = {"since": "2020-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z", "limit": 1000}
    assert len(session.get(url, params=all_of_it).json()) == 90
    assert len(session.get(url).json()) == 7
    descending = session.get(url, params={**all_of_it, "sortOrder": "DESCENDING", "limit": 1}).json()
    assert descending[0]["uuid"] == "e0"
    assert session.get(url, params={"limit": 1001}).status_code == 400


def test_jira_refuses_an_unbounded_search(server):
    answer = requests.post(
        f"{server.url}/jira/rest/api/3/search/jql", json={"jql": "ORDER BY updated"}, auth=BASIC, timeout=5
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("kind", "status"), [("429", 429), ("500", 500), ("401", 401), ("403", 403), ("403-secondary", 403)]
)
def test_faults_that_answer(server, session, kind, status):
    server.faults = [Fault("GET /okta/api/v1/users", kind)]
    assert session.get(f"{server.url}/okta/api/v1/users").status_code == status
    assert session.get(f"{server.url}/okta/api/v1/users").status_code == 200
    assert [entry.status for entry in server.log] == [status, 200]


def test_fault_without_permission(server, session):
    server.faults = [Fault("users", "empty-no-permission")]
    assert session.get(f"{server.url}/okta/api/v1/users").json() == []


@pytest.mark.parametrize("kind", ["drop", "cut"])
def test_faults_of_the_connection(server, session, kind):
    server.faults = [Fault("users", kind)]
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        session.get(f"{server.url}/okta/api/v1/users")
    assert session.get(f"{server.url}/okta/api/v1/users").status_code == 200


def test_faults_of_pages(server, session):
    second = session.get(f"{server.url}/okta/api/v1/users", params={"limit": 2}).links["next"]["url"]
    server.faults = [Fault("after=", "duplicate-page")]
    assert [row["id"] for row in session.get(second).json()] == ["u0", "u1", "u2", "u3"]
    server.faults = [Fault("after=", "drift")]
    assert [row["id"] for row in session.get(second).json()] == ["u3", "u4"]
    server.faults = [Fault("users", "foreign-next")]
    answer = session.get(f"{server.url}/okta/api/v1/users", params={"limit": 2})
    assert answer.links["next"]["url"].startswith("http://localhost:")


def test_how_often_a_fault_strikes(server, session):
    server.faults = [Fault("users", "500", times=2, every=3)]
    found = [session.get(f"{server.url}/okta/api/v1/users").status_code for _ in range(9)]
    assert found == [200, 200, 500, 200, 200, 500, 200, 200, 200]


def test_a_broken_route_says_so(server, session):
    server.store.tables["okta.users"][0].payload["self"] = {1, 2}
    answer = session.get(f"{server.url}/okta/api/v1/users")
    assert answer.status_code == 500
    assert "TypeError" in answer.json()["error"]


def test_several_clients_at_once(server):
    found: list[int] = []

    def ask() -> None:
        with requests.Session() as own:
            found.extend(len(own.get(f"{server.url}/okta/api/v1/users", headers=OKTA).json()) for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [5] * 80
