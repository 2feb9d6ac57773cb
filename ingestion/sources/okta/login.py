"""Logging in to Okta: as a service app with OAuth 2.0 where one is configured, else with an API token (SSWS)."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest
from requests.auth import AuthBase

from ingestion import oauth
from ingestion.config import secret
from ingestion.contract import NotAuthorized, SourceError
from ingestion.http import SourceSession, seconds_until_epoch

if TYPE_CHECKING:
    from requests import Response

    from ingestion.sources.okta.config import OktaInstance

SCOPES = (
    "okta.users.read",
    "okta.groups.read",
    "okta.apps.read",
    "okta.roles.read",
    "okta.apiTokens.read",
    "okta.logs.read",
)
"""Scopes a service app needs; Okta refuses to give a token at all where one of them is not granted."""
BACKDATED = 60
"""Seconds; an assertion from the future is refused, and clocks differ."""
LASTS = 300
"""Seconds which an assertion lasts."""
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_REMEDIES = {
    "invalid_dpop_proof": "Switch off Demonstrating Proof of Possession (DPoP) in the service app.",
    "invalid_scope": f"Grant the service app the scopes {', '.join(SCOPES)}.",
    "invalid_client": "client_id, private_key (and key_id) must be of one service app with public key authentication.",
}


class ApiToken(AuthBase):
    """An API token of a user."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the token into the request."""
        request.headers["Authorization"] = f"SSWS {self._token}"
        return request


class _SignedByClient(AuthBase):
    """Makes the form of a token request anew for each attempt: an assertion counts once and not for long."""

    def __init__(self, instance: OktaInstance, url: str) -> None:
        self.key = oauth.private_key(instance.instance)
        self.instance, self.url = instance, url

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        now, client = int(oauth.clock()), self.instance.client_id
        claims = {
            "iss": client,
            "sub": client,
            "aud": self.url,
            "iat": now - BACKDATED,
            "exp": now + LASTS,
            "jti": uuid.uuid4().hex,
        }
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(SCOPES),
            "client_assertion_type": _ASSERTION,
            "client_assertion": oauth.assertion(self.key, claims, self.instance.key_id),
        }
        request.headers.pop("Content-Type", None)
        request.prepare_body(form, None)
        return request


def wait(response: Response) -> float | None:
    """Seconds until `X-Rate-Limit-Reset` (an epoch, by the clock of the response's own `Date`) after a 429."""
    return seconds_until_epoch(response, "X-Rate-Limit-Reset") if response.status_code == 429 else None


def login_of(instance: OktaInstance) -> AuthBase:
    """The credential of an instance.

    Raises:
        SourceError: Its secret is missing or is no key.
    """
    if not instance.client_id:
        return ApiToken(secret(instance.instance, "token"))
    url = f"{instance.base_url.rstrip('/')}/oauth2/v1/token"
    signed = _SignedByClient(instance, url)

    def ask() -> tuple[str, float]:
        session = SourceSession(url, instance.instance, None, wait, accept=(400, 401), auth=signed)
        return _token(instance.instance, session.post(url, headers={"Accept": "application/json"}))

    return oauth.RenewedToken(ask)


def _token(instance: str, response: Response) -> tuple[str, float]:
    """The token and the seconds it lasts.

    Raises:
        NotAuthorized: Okta refused, or gave a token that only a DPoP client may use.
    """
    try:
        body: dict[str, Any] = response.json()
    except ValueError:
        body = {}
    if response.status_code != 200:
        error = str(body.get("error") or "")
        said = error if re.fullmatch(r"[a-z_]{1,40}", error) else "no reason"
        raise NotAuthorized(
            f"{instance}: Okta gave no access token (HTTP {response.status_code}: {said}).",
            _REMEDIES.get(said, "Check client_id, private_key and the scopes of the service app."),
        )
    if str(body.get("token_type", "")).lower() != "bearer":
        raise NotAuthorized(f"{instance}: Okta gave a token that is no bearer token.", _REMEDIES["invalid_dpop_proof"])
    if not body.get("access_token"):
        raise SourceError(f"{instance}: Okta answered without an access token.", "Check base_url.")
    return str(body["access_token"]), float(body.get("expires_in") or 3_600)
