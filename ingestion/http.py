"""HTTP for connectors: dlt's RESTClient over a session that waits, counts, stays at one origin and keeps secrets.

Every response that a connector sees has a status below 400 (or one it said it expects); everything else is a
`SourceError` whose text carries the method, the path and the status, never a header, a query or a body.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from collections.abc import Collection as Container
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from requests import PreparedRequest, Response
from requests.auth import AuthBase

from ingestion.config import SourceInstance, scrub
from ingestion.contract import (
    Collection,
    ForeignOrigin,
    NotAuthorized,
    NotFound,
    NotPermitted,
    RateLimited,
    SourceError,
    Unreachable,
)

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

__all__ = [
    "ForeignOrigin",
    "NotAuthorized",
    "NotFound",
    "NotPermitted",
    "RateLimited",
    "SourceError",
    "SourceSession",
    "Unreachable",
    "forget_silence",
    "rest_client",
    "seconds_until_epoch",
]

ATTEMPTS = 6
"""How often one request is tried before giving up."""
LONGEST_WAIT = 3_700.0
"""Seconds; a source that asks for a longer wait (an hourly limit plus a margin) is reported as rate limited."""
TIMEOUT = (15.0, 120.0)
"""Seconds to connect, seconds between two bytes."""
REDIRECTS = 5
_UNREACHABLE = "Check the base URL, the network and the source's status page, then collect again."
_DROPPED = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
_PORTS = {"http": 80, "https": 443}

_answered: set[tuple[str, tuple[str, str, int | None]]] = set()  # (instance, origin) that gave any answer in this run
_silent: dict[tuple[str, tuple[str, str, int | None]], str] = {}  # those that gave none, and what was said of it

sleep: Callable[[float], None] = time.sleep
"""Replaced in tests, so that they do not wait."""

Wait = Callable[[Response], float | None]
"""Vendor-specific: seconds to wait before trying again, or None when the response is an answer."""


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, in the form in which two origins compare."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme)


def forget_silence(instance: str) -> None:
    """Begin a run of an instance: whether its hosts answer is to be found out anew."""
    for key in [key for key in (*_answered, *_silent) if key[0] == instance]:
        _answered.discard(key)
        _silent.pop(key, None)


def _place(request: PreparedRequest) -> str:
    """Method and address without credentials and query: what an error text may say."""
    parts = urlsplit(request.url or "")
    return scrub(f"{request.method} {parts.scheme}://{parts.hostname or ''}{parts.path}")


def seconds_until_epoch(response: Response, header: str) -> float | None:
    """Seconds from the response's own `Date` until the epoch in a `*-reset` header; None without such a header."""
    try:
        reset = float(response.headers[header])
        sent = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
    return max(reset - sent, 0.0) + 1.0


def retry_after(response: Response) -> float | None:
    """Seconds asked for by `Retry-After`, given as seconds or as a date; None without the header."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        asked = parsedate_to_datetime(text)
        sent = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    return max((asked - sent).total_seconds(), 0.0)


def _no_auth(request: PreparedRequest) -> PreparedRequest:
    return request


class SourceSession(requests.Session):
    """A session bound to one origin that retries, counts every exchange and raises `SourceError`s.

    A host that gave no answer at all to the first request of an instance is not waited for again in the same run.

    Args:
        base_url: Any request to another origin is refused before it is sent.
        instance: Named in error texts.
        collection: Counts statuses; None outside a collection (`doctor`).
        wait: Vendor-specific waits, asked before the general rules.
        accept: Statuses of 400 and above which the connector handles itself.
        auth: Applied before every attempt, so that a retry carries a renewed token.
    """

    def __init__(
        self,
        base_url: str,
        instance: str,
        collection: Collection | None,
        wait: Wait | None,
        accept: Container[int] = (),
        auth: AuthBase | None = None,
    ) -> None:
        super().__init__()
        self.origin = origin(base_url)
        self.instance = instance
        self.collection = collection
        self.wait = wait
        self.accept = accept
        self.auth = auth or _no_auth  # without one, requests would take credentials from a .netrc
        self.apply = auth or _no_auth
        self.headers["User-Agent"] = "itgc-evidence"

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send with retries, following redirects within the origin only."""
        hooks, request.hooks = request.hooks, {"response": []}
        response = self._attempts(request, kwargs)
        for _ in range(REDIRECTS):
            if not response.is_redirect:
                break
            response = self._attempts(self._redirected(request, response), kwargs)
        if response.is_redirect:
            raise Unreachable(f"{self.instance}: {_place(request)} redirects in circles.", "Check the base URL.")
        if response.status_code >= 400 and response.status_code not in self.accept:
            raise self._refusal(request, response)
        response.json = functools.partial(response.json, parse_float=str)  # type: ignore[method-assign]
        for hook in hooks.get("response", []):
            response = hook(response) or response
        return response

    def _redirected(self, request: PreparedRequest, response: Response) -> PreparedRequest:
        again = request.copy()
        again.url = urljoin(request.url or "", response.headers["Location"])
        if response.status_code == 303:
            again.method, again.body = "GET", None
            again.headers.pop("Content-Length", None)
        return again

    def _attempts(self, request: PreparedRequest, kwargs: dict[str, Any]) -> Response:
        if origin(request.url or "") != self.origin:
            raise ForeignOrigin(
                f"{self.instance}: refused to follow {_place(request)}, which is not at {'://'.join(self.origin[:2])}.",
                "The credential is never sent to another host; check the base URL or the source's paging.",
            )
        key = (self.instance, self.origin)
        if key in _silent:
            raise Unreachable(_silent[key], _UNREACHABLE)
        options = kwargs | {"allow_redirects": False, "timeout": kwargs.get("timeout") or TIMEOUT}
        for attempt in range(1, ATTEMPTS + 1):
            self.apply(request)
            try:
                response: Response | None = super().send(request, **options)
            except _DROPPED as error:
                response, cause = None, type(error).__name__
            except requests.RequestException as error:
                raise Unreachable(f"{self.instance}: {_place(request)} failed ({type(error).__name__}).") from None
            self._count(response)
            if response is not None:
                _answered.add(key)
                seconds = self._seconds(response, attempt)
                if seconds is None:
                    return response
                cause = f"HTTP {response.status_code}"
            else:
                self.dropped(cause)
                seconds = float(2 ** (attempt - 1))
            if attempt == ATTEMPTS or seconds > LONGEST_WAIT:
                break
            sleep(seconds)
        failure = self._gave_up(request, response, cause)
        if response is None and key not in _answered:
            _silent[key] = failure.message
        raise failure

    def dropped(self, cause: str) -> None:
        """Called for each exchange without a whole answer; a session that has something better than a retry raises."""

    def _count(self, response: Response | None) -> None:
        if self.collection is not None:
            self.collection.request_done(response.status_code if response is not None else 0)

    def _seconds(self, response: Response, attempt: int) -> float | None:
        """How long to wait before trying again; None when the response is to be returned."""
        if self.wait is not None and (seconds := self.wait(response)) is not None:
            return seconds
        if response.status_code == 429 or response.status_code >= 500:
            asked = retry_after(response)
            return float(2 ** (attempt - 1)) if asked is None else asked
        return None

    def _gave_up(self, request: PreparedRequest, response: Response | None, cause: str) -> SourceError:
        text = f"{self.instance}: {_place(request)} still failed after retries ({cause})."
        if response is not None and response.status_code < 500:
            return RateLimited(text, "Collect later, or raise the source's rate limit.")
        return Unreachable(text, _UNREACHABLE)

    def _refusal(self, request: PreparedRequest, response: Response) -> SourceError:
        text = f"{self.instance}: {_place(request)} answered HTTP {response.status_code}."
        if response.status_code == 401:
            return NotAuthorized(text, "The credential is missing, wrong or expired: replace it.")
        if response.status_code == 403:
            return NotPermitted(text, "Grant the credential the read scopes listed in the source's README.")
        if response.status_code in (404, 410):
            return NotFound(text, "Check the configured names, and that the credential may see them.")
        return SourceError(text, "The source did not accept the request.")


def rest_client(
    instance: SourceInstance,
    base_url: str,
    headers: Mapping[str, str] | None = None,
    collection: Collection | None = None,
    *,
    auth: AuthBase | None = None,
    wait: Wait | None = None,
    paginator: BasePaginator | None = None,
    data_selector: str | None = None,
    accept: Container[int] = (),
) -> RESTClient:
    """Make dlt's RESTClient over a `SourceSession`.

    Args:
        instance: Whose errors these are.
        base_url: Root of the API; its origin is the only one ever contacted.
        headers: Sent with every request, authorization included.
        collection: Counts the exchanges.
        auth: Instead of an authorization header; applied before every attempt.
        wait: Seconds to wait for vendor-specific refusals (secondary limits, `*-reset` epochs), else None.
        paginator: Default paginator.
        data_selector: Default JSONPath of the records.
        accept: Statuses of 400 and above which `get`/`post` return instead of raising.

    Returns:
        A client whose responses parse non-integer numbers as text.
    """
    from dlt.sources.helpers.rest_client.client import RESTClient

    return RESTClient(
        base_url=base_url,
        headers=dict(headers or {}),
        paginator=paginator,
        data_selector=data_selector,
        session=SourceSession(base_url, instance.instance, collection, wait, accept, auth),
    )
