"""Credentials that expire: GitHub App installations and Okta service apps, against servers that check every signature."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from demo_server_kit import CANARY, NOW, cause, collect, through_pipeline, whole_text
from github_company import API, ORG, Company
from pydantic import ValidationError

from ingestion import oauth
from ingestion.config import scrub
from ingestion.contract import NotAuthorized, NotFound, NotPermitted, SourceError
from ingestion.demo.server import DemoServer, Fault, Response
from ingestion.demo.store import Store
from ingestion.sources import github, okta
from ingestion.sources.github.config import GithubInstance
from ingestion.sources.okta.config import OktaInstance
from ingestion.sources.okta.login import SCOPES

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GRANTED = dict.fromkeys(
    ("members", "organization_administration", "metadata", "contents", "pull_requests", "checks", "statuses",
     "deployments", "administration"), "read",
)  # fmt: skip


def pem(key: Any) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def verified(token: str) -> dict[str, Any] | None:
    """Claims of a token that our key signed, with its header under `header`; None for any other."""

    def decoded(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    header, claims, signature = token.split(".")
    try:
        KEY.public_key().verify(decoded(signature), f"{header}.{claims}".encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return None
    return json.loads(decoded(claims)) | {"header": json.loads(decoded(header))}


@dataclass
class Time:
    """The time of day, moved by hand; the servers' own stands on the simulated clock."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch):
    made = Time()
    monkeypatch.setattr(oauth, "clock", made)
    return made


class TokenServer(DemoServer):
    """The demo server with tokens that last an hour of `time`; it knows the last one it gave."""

    def __init__(self, store: Store, time: Time) -> None:
        super().__init__(store, clock=NOW)
        self.time = time
        self.given: list[str] = []
        self.ends = 0.0
        self.lasts = 3_600.0
        self.claims: list[dict[str, Any]] = []
        self.forms: list[dict[str, str]] = []
        self.refusals: list[Response] = []
        self.used: list[str] = []

    def give(self) -> str:
        self.given.append(f"{CANARY}-{len(self.given)}")
        self.ends = self.time() + self.lasts
        return self.given[-1]

    def accepted(self, token: str) -> bool:
        self.used.append(token)
        return bool(self.given) and token == self.given[-1] and self.time() < self.ends

    def checked(self, token: str) -> bool:
        claims = verified(token)
        fresh = claims is not None and claims["iat"] <= self.time() + 5 and self.time() < claims["exp"]
        if claims is not None:
            self.claims.append(claims)
        return fresh

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Response | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if target.endswith(("/access_tokens", "/oauth2/v1/token")):
            if self.refusals:
                response = self.refusals.pop(0)
                self.checked(token or parse_qs(body.decode())["client_assertion"][0])
            elif target.endswith("/access_tokens"):
                response = self._installation(target, token)
            else:
                response = self._client(body)
            response.headers.setdefault("Date", "Thu, 01 Jan 2026 05:30:00 GMT")
            return response
        if not self.accepted(token):
            return Response(401, json={"message": "Bad credentials"})
        vendor = target.split("/")[1]
        if vendor == "okta":
            if target.endswith("/oauth2/v1/clients/0oaclient/roles"):
                return Response(json=[{"id": "ra1", "type": "READ_ONLY_ADMIN"}])
            headers = headers | {"authorization": f"SSWS {self.tokens['okta']}"}
        else:
            headers = headers | {"authorization": f"Bearer {self.tokens[vendor]}"}
        assert scheme == "Bearer"
        return super()._answer(method, target, headers, body)

    def _installation(self, target: str, token: str) -> Response:
        if not self.checked(token) or self.claims[-1]["iss"] != "Iv1.abc":
            return Response(401, json={"message": "A JSON web token could not be decoded"})
        if "/app/installations/77/" not in target:
            return Response(404, json={"message": "Integration not found"})
        ends = NOW + timedelta(seconds=self.lasts)
        return Response(
            201,
            json={
                "token": self.give(),
                "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "permissions": GRANTED,
                "repository_selection": "all",
            },
        )

    def _client(self, body: bytes) -> Response:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.forms.append(form)
        seen = {claims["jti"] for claims in self.claims}
        if not self.checked(form["client_assertion"]) or self.claims[-1]["jti"] in seen:
            return Response(401, json={"error": "invalid_client"})
        return Response(
            json={
                "token_type": "Bearer",
                "access_token": self.give(),
                "expires_in": int(self.lasts),
                "scope": form["scope"],
            }
        )


@pytest.fixture
def company():
    made = Company()
    made.people(3, 1)
    made.pull_request(API, 1, NOW - timedelta(hours=3))
    return made


@pytest.fixture
def server(company, time, monkeypatch):
    for n in range(3):
        row = {"id": f"00u{n}", "status": "ACTIVE", "profile": {"login": f"u{n}@harbor.example"}}
        company.store.add("okta.users", row["id"], NOW - timedelta(days=9), row)
        group = {"id": f"00g{n}", "profile": {"name": f"g{n}"}}
        company.store.add("okta.groups", group["id"], NOW - timedelta(days=9), group)
    with TokenServer(company.store, time) as running:
        running.waits = []
        monkeypatch.setattr("ingestion.http.sleep", running.waits.append)
        for vendor in running.tokens:
            running.tokens[vendor] = f"{CANARY}-behind-{vendor}"
        yield running


@pytest.fixture
def app(server, monkeypatch):
    monkeypatch.setenv("SOURCES__GITHUB_TEST__PRIVATE_KEY", pem(KEY))
    return GithubInstance(
        instance="github-test", org=ORG, base_url=f"{server.url}/github", app_id="Iv1.abc", installation_id=77
    )


@pytest.fixture
def service(server, monkeypatch):
    monkeypatch.setenv("SOURCES__OKTA_TEST__PRIVATE_KEY", pem(KEY).replace("\n", "\\n"))
    return OktaInstance(instance="okta-test", base_url=f"{server.url}/okta", client_id="0oaclient", key_id="k1")


def failure(module, instance, resource):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (dlt wraps the connector's own error, which is what is returned)
        collect(module, instance, resource)
    text = whole_text(caught.value)
    assert CANARY not in text
    assert "PRIVATE KEY" not in text
    return cause(caught.value)


# both


@dataclass
class Asked:
    """Gives numbered tokens of a chosen life."""

    lasts: float = 3_600.0
    times: int = 0
    tokens: list[str] = field(default_factory=list)

    def __call__(self) -> tuple[str, float]:
        self.times += 1
        return f"token-{self.times}-of-a-canary", self.lasts


def test_a_token_is_renewed_five_minutes_before_it_ends(time):
    asked = Asked()
    renewed = oauth.RenewedToken(asked)
    first = renewed.token()
    time.now += 3_299
    assert renewed.token() == first
    time.now += 1
    assert renewed.token() != first
    assert asked.times == 2
    assert first not in scrub(f"sent {first}")


def test_a_token_that_lasts_shorter_than_the_margin_is_used_for_half_its_life(time):
    asked = Asked(lasts=200)
    renewed = oauth.RenewedToken(asked)
    for _ in range(3):
        renewed.token()
    assert asked.times == 1
    time.now += 100
    renewed.token()
    assert asked.times == 2


@pytest.mark.parametrize("text", ["no key", "", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_is_none_is_refused_without_showing_it(text, monkeypatch):
    monkeypatch.setenv("SOURCES__X__PRIVATE_KEY", text)
    with pytest.raises(SourceError, match="private_key") as caught:
        oauth.private_key("x")
    assert "BEGIN PRIVATE" not in whole_text(caught.value)


# GitHub App


def test_an_app_logs_in_by_its_installation_and_collects(app, server, time):
    got = collect(github, app, "pull_requests")
    assert got.keys_of() == ["1"]
    (claims,) = server.claims
    assert claims["header"] == {"alg": "RS256", "typ": "JWT"}
    assert claims["iss"] == "Iv1.abc"
    assert claims["exp"] - time() <= 600
    assert claims["iat"] <= time() - 60
    assert set(server.used) == {f"{CANARY}-0"}


def test_an_app_writes_no_secret_anywhere(app, server, tmp_path):
    entries = through_pipeline(tmp_path, app, server, NOW)
    assert {entry["resource"] for entry in entries if entry["kind"] == "committed"} >= {"members", "pull_requests"}
    assert "BEGIN PRIVATE" not in json.dumps(entries)


def test_an_apps_token_is_renewed_during_a_run(app, server, time, monkeypatch):
    """Each request takes a quarter of an hour: a token of an hour would end on the way."""
    answer = TokenServer._answer

    def slow(self, method, target, *others):
        try:
            return answer(self, method, target, *others)
        finally:
            self.time.now += 0 if target.endswith("/access_tokens") else 1_000

    monkeypatch.setattr(server._listener._server.RequestHandlerClass, "answer", staticmethod(slow.__get__(server)))
    got = collect(github, app, "repository_collaborators")
    assert len(got.keys_of()) == 9
    assert len(server.given) > 1
    assert 401 not in got.http_statuses


def test_a_retry_after_a_long_wait_carries_a_renewed_token(app, server, time, monkeypatch):
    server.faults = [Fault("/members", "403-secondary")]
    monkeypatch.setattr("ingestion.http.sleep", lambda seconds: setattr(time, "now", time.now + 3_700))
    got = collect(github, app, "members")
    assert len(got.keys_of()) == 3
    assert len(server.given) > 1
    assert 401 not in got.http_statuses


def test_each_attempt_for_a_token_is_signed_anew(app, server, time, monkeypatch):
    server.refusals = [Response(503), Response(503)]
    monkeypatch.setattr("ingestion.http.sleep", lambda seconds: setattr(time, "now", time.now + 400))
    assert collect(github, app, "members").keys_of()
    assert [claims["iat"] for claims in server.claims] == sorted({claims["iat"] for claims in server.claims})
    assert len(server.claims) == 3


def test_an_app_is_known_by_its_configuration_and_not_by_a_prefix(app, server, monkeypatch):
    """`permissions` of a repository say nothing about an App: not protected is believed."""
    store = server.store
    row = store.tables["github.branch_protection"].pop(0)
    store.add("github.branch_protection", row.key, row.valid_from, row.payload | {"protection": None})
    store.tables["github.repositories"][0].payload["permissions"]["admin"] = False
    assert len(collect(github, app, "branch_protection").keys_of()) == 2
    monkeypatch.setenv("SOURCES__GITHUB_TEST__TOKEN", f"ghs_{CANARY}")
    plain = GithubInstance(instance="github-test", org=ORG, base_url=app.base_url)
    server.given = [f"ghs_{CANARY}"]
    assert isinstance(failure(github, plain, "branch_protection"), NotPermitted)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"app_id": "Iv1.other"}, NotAuthorized, "private_key"),
        ({"installation_id": "78"}, NotFound, "installation_id"),
    ],
)
def test_a_wrong_app_or_installation_says_which(change, kind, said, app):
    error = failure(github, app.model_copy(update=change), "members")
    assert type(error) is kind
    assert said in error.remedy


def test_a_suspended_installation_is_denied(app, server):
    server.refusals = [Response(403, json={"message": "This installation has been suspended"})]
    error = failure(github, app, "members")
    assert isinstance(error, NotPermitted)
    assert "suspended" in error.remedy


def test_doctor_says_which_permission_an_app_lacks(app, monkeypatch):
    assert [f.check for f in github.doctor(app) if not f.ok] == []
    monkeypatch.delitem(GRANTED, "deployments")
    (wrong,) = [finding for finding in github.doctor(app) if not finding.ok]
    assert wrong.check == "permissions"
    assert "Deployments" in wrong.remedy


def test_doctor_says_that_the_key_is_missing_or_wrong(app, monkeypatch):
    monkeypatch.setenv("SOURCES__GITHUB_TEST__PRIVATE_KEY", pem(OTHER))
    (wrong,) = github.doctor(app)
    assert "private_key" in wrong.remedy
    monkeypatch.delenv("SOURCES__GITHUB_TEST__PRIVATE_KEY")
    (wrong,) = github.doctor(app)
    assert (wrong.check, wrong.ok) == ("credential", False)
    assert "SOURCES__GITHUB_TEST__PRIVATE_KEY" in wrong.remedy


@pytest.mark.parametrize("half", [{"app_id": 12}, {"installation_id": 12}])
def test_an_app_needs_both_ids(half):
    with pytest.raises(ValidationError, match="both app_id and installation_id"):
        GithubInstance(instance="x", org="acme", **half)
    assert GithubInstance(instance="x", org="acme", app_id=12, installation_id=13).app_id == "12"


# Okta service app


def test_a_service_app_gets_a_token_by_a_signed_assertion(service, server, time):
    got = collect(okta, service, "users")
    assert got.keys_of() == ["00u0", "00u1", "00u2"]
    (form,) = server.forms
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["scope"].split() == list(SCOPES)
    (claims,) = server.claims
    assert claims["header"]["kid"] == "k1"
    assert (claims["iss"], claims["sub"]) == ("0oaclient", "0oaclient")
    assert claims["aud"] == f"{service.base_url}/oauth2/v1/token"
    assert claims["iat"] < time() < claims["exp"] <= claims["iat"] + 3_600


def test_a_service_apps_token_is_renewed_during_a_run(service, server, time, monkeypatch):
    answer = TokenServer._answer

    def slow(self, method, target, *others):
        try:
            return answer(self, method, target, *others)
        finally:
            self.time.now += 0 if target.endswith("/token") else 1_700

    monkeypatch.setattr(server._listener._server.RequestHandlerClass, "answer", staticmethod(slow.__get__(server)))
    got = collect(okta, service, "group_members")
    assert got.parameters["parents"] == 3
    assert len(server.given) > 1
    assert 401 not in got.http_statuses


def test_each_attempt_for_an_access_token_has_an_assertion_of_its_own(service, server):
    server.refusals = [Response(503)]
    assert collect(okta, service, "users").keys_of()
    assert len({claims["jti"] for claims in server.claims}) == 2


def test_a_service_app_may_find_no_api_tokens(service):
    got = collect(okta, service, "api_tokens")
    assert (got.keys_of(), got.permission.result) == ([], "granted")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, {"error": "invalid_dpop_proof"}, "DPoP"),
        (400, {"error": "invalid_scope", "error_description": CANARY}, "okta.logs.read"),
        (401, {"error": "invalid_client"}, "private_key"),
        (200, {"token_type": "DPoP", "access_token": CANARY, "expires_in": 3600}, "DPoP"),
        (400, {"error": f"{CANARY} is bad"}, "scopes"),
    ],
)
def test_a_refused_service_app_says_what_to_change(status, body, said, service, server):
    server.refusals = [Response(status, json=body)]
    error = failure(okta, service, "users")
    assert isinstance(error, NotAuthorized)
    assert said in error.remedy


def test_doctor_of_a_service_app(service, server, monkeypatch):
    findings = {finding.check: finding for finding in okta.doctor(service)}
    assert all(finding.ok for finding in findings.values())
    assert "0oaclient" in findings["token"].detail
    assert findings["whole organization visible"].detail == "role READ_ONLY_ADMIN"
    monkeypatch.delenv("SOURCES__OKTA_TEST__PRIVATE_KEY")
    (wrong,) = okta.doctor(service)
    assert "SOURCES__OKTA_TEST__PRIVATE_KEY" in wrong.remedy
