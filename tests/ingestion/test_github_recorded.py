"""GitHub connector over recorded answers of api.github.com: the client, the mapping, the reading of refusals."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from demo_server_kit import CANARY, begin, recorded

from ingestion.contract import NotPermitted, canonical_json
from ingestion.sources.github import mapping
from ingestion.sources.github.client import Github, wait
from ingestion.sources.github.config import GithubInstance
from ingestion.sources.github.repositories import _settings

REPOSITORY = {"name": "r", "permissions": {"admin": True}}


def exchanges(name):
    lines = recorded("github", name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def body_of(exchange):
    for name in ("json", "response", "body"):
        if exchange.get(name) is not None:
            return exchange[name]
    return None


def answer(exchange):
    """A recorded exchange as `requests` would hand it over."""
    response = requests.Response()
    response.status_code = exchange["status"]
    response.headers.update({str(k): str(v) for k, v in (exchange.get("headers") or {}).items()})
    body = body_of(exchange)
    response._content = (body if isinstance(body, str) else json.dumps(body)).encode()
    return response


@pytest.fixture
def instance(monkeypatch):
    monkeypatch.setenv("SOURCES__GITHUB_TEST__TOKEN", CANARY)
    monkeypatch.setattr("ingestion.http.sleep", lambda seconds: None)
    return GithubInstance(instance="github-test", org="BeaverSoftware")


@pytest.fixture
def replay(monkeypatch):
    """Answers requests from a recording, by path; `asked` keeps what was asked."""
    asked = []

    def use(name):
        by_path = {}
        for exchange in exchanges(name):
            if exchange["status"] == 200:
                by_path.setdefault(urlsplit(exchange["path"]).path, exchange)

        def send(self, request, **_):
            parts = urlsplit(request.url)
            asked.append((parts.path, dict(parse_qsl(parts.query)), request.headers["Authorization"]))
            response = answer(by_path[parts.path])
            response.request, response.url = request, request.url
            response.headers.pop("Link", None)
            return response

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
        return asked

    return use


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/orgs/BeaverSoftware/members", 3),
        ("/orgs/BeaverSoftware/outside_collaborators", 1),
        ("/repos/PyGithub/PyGithub/collaborators", 2),
    ],
)
def test_recorded_listings_pass_through_the_client_unchanged(path, count, instance, replay):
    asked = replay("pygithub_replay_org_access.jsonl")
    collection = begin(instance, "members")
    records = Github(instance).listing(collection, path, "id")
    original = next(body_of(e) for e in exchanges("pygithub_replay_org_access.jsonl") if e["path"] == path)
    assert records == original
    assert len(records) == count
    assert asked[0][2] == f"Bearer {CANARY}"
    rows = list(mapping.of_repository(records, "9", keyed=True))
    written = collection.page("repository_collaborators", rows)
    assert written.num_rows == count
    for key, record in zip(collection.keys_of("repository_collaborators"), original, strict=True):
        payload = dict(collection.payload(key, "repository_collaborators"))
        assert payload.pop("_context") == {"repository_id": "9"}
        assert canonical_json(payload) == canonical_json(record)
        assert key == f"9/{record['id']}"


def test_recorded_protection_is_kept_whole():
    found = [
        e for e in exchanges("pygithub_replay_branch_protection.jsonl")
        if e["path"].endswith("/protection") and e["status"] == 200
    ]  # fmt: skip
    assert len(found) >= 3
    for exchange in found:
        settings, reason = _settings(None, REPOSITORY, "main", answer(exchange))
        assert (settings, reason) == (body_of(exchange), "")
        key, _, payload = mapping.protection("9", "main", [], settings, reason)
        assert key == "9/main"
        assert json.loads(canonical_json(payload))["protection"] == body_of(exchange)


@pytest.mark.parametrize("name", ["pygithub_replay_branch_protection.jsonl", "octokit_fixtures.jsonl"])
def test_recorded_404_of_an_unprotected_branch_counts_for_an_administrator_only(name, instance):
    github = Github(instance)
    found = [e for e in exchanges(name) if e["path"].endswith("/protection") and e["status"] == 404]
    assert found
    for exchange in found:
        assert _settings(github, REPOSITORY, "main", answer(exchange)) == (None, "Branch not protected")
        with pytest.raises(NotPermitted):
            _settings(github, {"name": "r", "permissions": {"admin": False}}, "main", answer(exchange))


def test_recorded_refusals_are_not_taken_for_rate_limits():
    refusals = [e for e in exchanges("pygithub_replay_errors.jsonl") if e["status"] in (401, 404)]
    refusals += [e for e in exchanges("pygithub_replay_org_access.jsonl") if e["status"] == 403]
    assert len(refusals) > 10
    assert all(wait(answer(exchange)) is None for exchange in refusals)


def test_recorded_check_runs_have_ids_beyond_32_bits_and_keep_them():
    runs = {}
    for exchange in exchanges("pygithub_replay_commits_checks.jsonl"):
        body = body_of(exchange)
        if isinstance(body, dict):
            for run in body.get("check_runs") or ([body] if "check_suite" in body and "head_sha" in body else []):
                runs[run["id"]] = run
    assert len(runs) > 5
    assert max(runs) > 2**31
    names = {"databaseId": "id", "startedAt": "started_at", "completedAt": "completed_at", "detailsUrl": "details_url"}
    keys = set()
    for run in runs.values():
        node = {ours: run[theirs] for ours, theirs in names.items()}
        node |= {"name": run["name"], "status": run["status"].upper(), "conclusion": (run["conclusion"] or "").upper()}
        app = run.get("app") or {}
        suite = {"app": {"databaseId": app.get("id"), "slug": app.get("slug")}, "status": "COMPLETED"}
        key, when, payload = mapping.check_run(node, suite, "9", run["head_sha"])
        assert key == f"9/{run['head_sha']}/{run['id']}"
        assert when is not None
        assert payload["_context"]["app_id"] == str(app["id"])
        assert json.loads(canonical_json(payload))["databaseId"] == run["id"]
        keys.add(key)
    assert len(keys) == len(runs)


def test_recorded_statuses_and_reviews_and_deployments_have_times_and_keys():
    seen = set()
    for name in (
        "pygithub_replay_commits_checks.jsonl",
        "pygithub_replay_pulls.jsonl",
        "pygithub_replay_deployments_env.jsonl",
    ):
        for exchange in exchanges(name):
            path, body = urlsplit(exchange["path"]).path, body_of(exchange)
            if exchange["status"] != 200 or not isinstance(body, list):
                continue
            for record in body:
                if "/statuses/" in path and "context" in record:
                    node = record | {"createdAt": record["created_at"]}
                    key, when, payload = mapping.commit_status(node, "9", "abc")
                    assert set(payload) == {"context", "state", "createdAt", "_context"}
                elif path.endswith("/reviews"):
                    node = record | {"databaseId": record["id"], "submittedAt": record["submitted_at"]}
                    key, when, payload = mapping.review(node, "9", "31")
                elif path.endswith("/deployments"):
                    node = record | {"databaseId": record["id"], "createdAt": record["created_at"]}
                    key, when, payload = mapping.deployment(node, "9")
                else:
                    continue
                assert key
                assert when is not None
                canonical_json(payload)
                seen.add(path.split("/")[-1] if "statuses" not in path else "statuses")
    assert seen == {"statuses", "reviews", "deployments"}


def test_recorded_graphql_pages_of_another_collector_have_the_shape_that_paging_expects(instance):
    page = json.loads(recorded("github", "faros_src", "pull_requests.json").read_text(encoding="utf-8"))
    found = page["repository"]["pullRequests"]
    github, collection = Github(instance), begin(instance, "pull_requests")
    github.graphql = lambda *_, **__: page
    from ingestion.sources.github.client import PageSize

    pages = list(github.connection(collection, "pull_requests", {}, ("repository", "pullRequests"), PageSize(50)))
    assert pages == [found]
    node = found["nodes"][0]
    assert len(github.all_nodes(collection, node["reviews"], "more_reviews", {})) == len(node["reviews"]["nodes"])
    with pytest.raises(KeyError, match="databaseId"):
        mapping.pull_request(node, "9")  # it was asked without ids: never keyed by number or title


def test_recorded_identities_without_an_id_are_refused():
    page = json.loads(recorded("github", "faros_src", "saml_sso_users.json").read_text(encoding="utf-8"))
    nodes = page["organization"]["samlIdentityProvider"]["externalIdentities"]["nodes"]
    for number, node in enumerate(nodes):
        with pytest.raises(KeyError, match="guid"):
            mapping.external_identity(node)
        key, _, payload = mapping.external_identity(node | {"guid": f"g{number}"})
        assert (key, payload["user"]) == (f"g{number}", node["user"])


def test_recorded_organization_and_repositories_map():
    profile = json.loads(recorded("github", "faros_src", "organization.json").read_text(encoding="utf-8"))
    ((key, _, payload),) = mapping.rest_records([profile], "updated_at")
    assert key == str(profile["id"])
    assert payload == profile
    repositories = json.loads(recorded("github", "faros_src", "repositories.json").read_text(encoding="utf-8"))
    keys = [key for key, when, _ in mapping.rest_records(repositories, "updated_at") if when is not None]
    assert keys == [str(repository["id"]) for repository in repositories]
