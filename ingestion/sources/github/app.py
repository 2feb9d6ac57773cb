"""Logging in as the installation of a GitHub App: its tokens last an hour."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

from requests import PreparedRequest, Response
from requests.auth import AuthBase

from ingestion import oauth
from ingestion.config import SourceInstance, secret
from ingestion.contract import NotAuthorized, NotFound, NotPermitted, SourceError, parse_instant
from ingestion.http import SourceSession, Wait
from ingestion.sources.github.config import AppLogin

BACKDATED = 60.0
"""Seconds; GitHub recommends it against clocks that differ."""
LASTS = 540.0
"""Seconds which an assertion lasts; GitHub accepts ten minutes at most."""


class _SignedByApp(AuthBase):
    """Signs each attempt anew, so that a long wait does not outlast the assertion."""

    def __init__(self, instance: str, app_id: str) -> None:
        self.key = oauth.private_key(instance)
        self.app_id = app_id

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        now = int(oauth.clock())
        claims = {"iat": now - int(BACKDATED), "exp": now + int(LASTS), "iss": self.app_id}
        request.headers["Authorization"] = f"Bearer {oauth.assertion(self.key, claims)}"
        return request


class InstallationToken(oauth.RenewedToken):
    """Token of an installation.

    Attributes:
        granted: Permission → `read`, `write` or `admin`, as GitHub said with the last token.
        repositories: `all`, or `selected` where the installation sees only some.
    """

    def __init__(self, instance: str, base_url: str, login: AppLogin, wait: Wait | None = None) -> None:
        super().__init__(self._exchange)
        self.granted: dict[str, str] = {}
        self.repositories = ""
        self._instance, self._base_url, self._login = instance, base_url.rstrip("/"), login
        self._signed, self._wait = _SignedByApp(instance, login.app_id), wait

    def _exchange(self) -> tuple[str, float]:
        session = SourceSession(self._base_url, self._instance, None, self._wait, auth=self._signed)
        path = f"{self._base_url}/app/installations/{self._login.installation_id}/access_tokens"
        try:
            response = session.post(path, headers={"Accept": "application/vnd.github+json"})
        except NotAuthorized as error:
            remedy = "The secret 'private_key' is not of the App app_id, or this machine's clock is wrong."
            raise NotAuthorized(error.message, remedy) from None
        except NotFound as error:
            raise NotFound(error.message, "Correct installation_id: it is no installation of this App.") from None
        except NotPermitted as error:
            remedy = "The installation is suspended, or GitHub refuses this address."
            raise NotPermitted(error.message, remedy) from None
        body: dict[str, Any] = response.json()
        self.granted = {str(name): str(level) for name, level in (body.get("permissions") or {}).items()}
        self.repositories = str(body.get("repository_selection") or "")
        return _token(self._instance, response, body)


def _token(instance: str, response: Response, body: dict[str, Any]) -> tuple[str, float]:
    """The token, and how long it lasts by the server's own clock."""
    token, ends = body.get("token"), body.get("expires_at")
    if not token or not ends:
        raise SourceError(f"{instance}: GitHub gave an installation no token.", "Check base_url.")
    try:
        sent = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        sent = oauth.clock()
    return str(token), max(parse_instant(str(ends)).timestamp() - sent, 0.0)


def login_of(instance: SourceInstance, login: AppLogin, base_url: str, wait: Wait | None = None) -> oauth.BearerToken:
    """The credential of an instance: its App's installation where one is configured, else the secret `token`.

    Raises:
        SourceError: The secret is missing or is no key.
    """
    if login.app_id:
        return InstallationToken(instance.instance, base_url, login, wait)
    return oauth.BearerToken(secret(instance.instance, "token"))
