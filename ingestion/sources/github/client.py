"""One GitHub organization as the resources see it: REST pages and GraphQL answers that are complete, or an error.

Rate limits (GitHub's documentation, "Rate limits for the REST API" and "Rate limits and query limits for the GraphQL
API"): the primary limit is a 403 or 429 with `x-ratelimit-remaining: 0` and an epoch in `x-ratelimit-reset`; the
secondary limit a 403 or 429 with `retry-after`, or with that epoch, or with neither (then a minute); GraphQL may say
`RATE_LIMITED` in a 200.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from requests import Response

from ingestion import http
from ingestion.config import scrub
from ingestion.contract import Collection, NotFound, NotPermitted, SourceError, Unreachable
from ingestion.http import SourceSession, rest_client, retry_after, seconds_until_epoch
from ingestion.sources.github.app import login_of
from ingestion.sources.github.config import GithubInstance
from ingestion.sources.github.queries import document

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import RESTClient

Record = dict[str, Any]
Found = TypeVar("Found")

PER_PAGE = 100
"""Largest page of the REST API and of a GraphQL connection."""
PAUSE = 2.0
"""Seconds before a query is sent again with a smaller page."""
SECONDARY_WAIT = 60.0
"""Seconds; what GitHub asks for where a secondary limit names no time."""
READING_SIZES = (100, 97, 89, 83, 79)
"""Page sizes of successive readings of one listing: no two put the same record at the edge of a page."""
SCOPES = "repo, read:org, admin:org (read) or the App permissions listed in the source's README"

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_LIMIT_TYPES = ("RATE_LIMITED", "RATE_LIMIT")
_HEAVY_TYPES = ("RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED")
_HEAVY_TEXTS = ("something went wrong while executing your query", "timeout", "resource limits")
_HEAVY_STATUSES = (500, 502, 503, 504)
_REFUSED_TYPES = ("FORBIDDEN", "INSUFFICIENT_SCOPES")


class HeavyQueryError(SourceError):
    """GitHub gave up on a query (5xx, a closed connection, a timeout in a 200): a smaller page may pass.

    Attributes:
        pause: Seconds to wait before the smaller page.
    """

    def __init__(self, message: str, remedy: str = "", pause: float = PAUSE) -> None:
        super().__init__(message, remedy)
        self.pause = pause


@dataclass
class PageSize:
    """How many nodes a query asks for; halved whenever GitHub gives up on it.

    One is made for each listing of each repository, so that a heavy one does not slow down those after it.
    """

    value: int

    def halve(self, error: HeavyQueryError) -> None:
        """Take half after a pause.

        Raises:
            HeavyQueryError: The same, when there is no half.
        """
        if self.value == 1:
            raise error
        http.sleep(error.pause)
        self.value //= 2


class _HeavySession(SourceSession):
    """A session for queries that can be made smaller: trouble is a `HeavyQueryError` at once, not retried."""

    def dropped(self, cause: str) -> None:
        """GitHub closes the connection on some queries that take too long."""
        raise HeavyQueryError(f"{self.instance}: GraphQL gave no whole answer ({cause}).", "Lower page_size.")


def _heavy_wait(response: Response) -> float | None:
    if response.status_code in _HEAVY_STATUSES:
        asked = retry_after(response)
        pause = PAUSE if asked is None else min(asked, SECONDARY_WAIT)
        raise HeavyQueryError(f"GraphQL answered HTTP {response.status_code}.", "Lower page_size.", pause)
    return wait(response)


def wait(response: Response) -> float | None:
    """Seconds which a rate limit of GitHub asks for; None when the response is an answer.

    Args:
        response: Any answer of the REST or the GraphQL API.
    """
    if response.status_code in (403, 429):
        return _limit_wait(response)
    suspect = response.status_code == 200 and b'"RATE_LIMIT' in response.content
    if not suspect or not any(error.get("type") in _LIMIT_TYPES for error in _errors(response)):
        return None
    seconds = retry_after(response)
    if seconds is None:
        seconds = seconds_until_epoch(response, "x-ratelimit-reset")
    return SECONDARY_WAIT if seconds is None else seconds


def _limit_wait(response: Response) -> float | None:
    seconds = retry_after(response)
    if seconds is not None:
        return seconds
    if response.headers.get("x-ratelimit-remaining") == "0":
        return seconds_until_epoch(response, "x-ratelimit-reset") or SECONDARY_WAIT
    text = message(response).lower()
    if response.status_code == 429 or "secondary rate limit" in text or "abuse detection" in text:
        return SECONDARY_WAIT
    return None


def _errors(response: Response) -> list[Record]:
    try:
        body = response.json()
    except ValueError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    return [error for error in errors or [] if isinstance(error, dict)]


def message(response: Response) -> str:
    """The `message` of an answer, without secrets and in one line; empty where there is none."""
    try:
        body = response.json()
    except ValueError:
        return ""
    text = body.get("message") if isinstance(body, dict) else None
    return scrub(" ".join(str(text or "").split()))[:200]


def segment(text: str) -> str:
    """A name as one segment of a path: `release/1.0` is `release%2F1.0`."""
    return quote(text, safe="")


class Github:
    """Access to one organization for one run; what several resources need is read once.

    Args:
        instance: Which organization.
    """

    def __init__(self, instance: GithubInstance) -> None:
        self.instance = instance
        self.login = login_of(instance, instance, instance.base_url, wait)
        self._known: dict[str, Any] = {}

    @property
    def is_app(self) -> bool:
        """Whether a GitHub App is the credential: `permissions` of a repository then say nothing."""
        return bool(self.instance.app_id)

    def once(self, name: str, read: Callable[[], Found]) -> Found:
        """Read something once in this run; a failure is not remembered."""
        if name not in self._known:
            self._known[name] = read()
        found: Found = self._known[name]
        return found

    def get(
        self,
        collection: Collection,
        path: str,
        accept: tuple[int, ...] = (),
        params: Mapping[str, Any] | None = None,
    ) -> Response:
        """One REST answer.

        Args:
            collection: Counts the request.
            path: Path below the base URL.
            accept: Statuses of 400 and above that are answers here.
            params: Query parameters.

        Raises:
            SourceError: Anything that is no answer.
        """
        response: Response = self._client(collection, accept).get(path, params=dict(params or {}))
        return response

    def _client(self, collection: Collection, accept: tuple[int, ...] = ()) -> RESTClient:
        """One client, and so one connection, per collection."""

        def make() -> RESTClient:
            return rest_client(
                self.instance,
                self.instance.base_url,
                _HEADERS,
                collection,
                auth=self.login,
                wait=wait,
                accept=accept,
            )

        return self.once(f"client of {collection.id}, accept={accept}", make)

    def pages(
        self, collection: Collection, path: str, params: Mapping[str, Any] | None = None, selector: str = "$"
    ) -> Iterator[list[Any]]:
        """REST pages of a listing, by its `Link` headers.

        Args:
            collection: Counts the requests.
            path: Path below the base URL.
            params: Query parameters.
            selector: Where the records stand in the answer.

        Raises:
            SourceError: Anything that is no answer; `ForeignOrigin` where `Link` points elsewhere.
        """
        from dlt.sources.helpers.rest_client.paginators import HeaderLinkPaginator

        client = self._client(collection)
        query = {"per_page": PER_PAGE, **(params or {})}
        for page in client.paginate(path, params=query, paginator=HeaderLinkPaginator(), data_selector=selector):
            collection.page_done()
            yield list(page)

    def listing(
        self, collection: Collection, path: str, key: str, params: Mapping[str, Any] | None = None
    ) -> list[Record]:
        """All records of an offset-paged listing, once each.

        Pages are offsets: a record removed meanwhile shifts the next one out of sight. A listing of several pages is
        therefore read until two readings with different pages agree; what an earlier reading saw is kept.

        Args:
            collection: Counts the requests.
            path: Path below the base URL.
            key: Field that identifies a record.
            params: Query parameters.

        Raises:
            SourceError: Anything that is no answer, or a listing that never stands still.
        """
        found: dict[Any, Record] = {}
        before: set[Any] | None = None
        for size in READING_SIZES:
            pages = list(self.pages(collection, path, {**(params or {}), "per_page": size}))
            read = {record[key]: record for page in pages for record in page}
            found.update(read)
            if len(pages) < 2 or before == set(read):
                return list(found.values())
            before = set(read)
        raise SourceError(
            f"{self.instance.instance}: {path} changed during each of {len(READING_SIZES)} readings.",
            "Collect again later.",
        )

    def graphql(self, collection: Collection, operation: str, variables: Mapping[str, Any], *, heavy: bool) -> Record:
        """The `data` of a GraphQL answer without errors.

        Args:
            collection: Counts the request.
            operation: Name of a query.
            variables: Its variables.
            heavy: Whether a smaller page is possible: then trouble of the server is a `HeavyQueryError` at once, not
                retried.

        Raises:
            HeavyQueryError: GitHub gave up on the query and `heavy` is set.
            NotPermitted: A part of the answer is hidden from this credential (`FORBIDDEN`), even in a 200.
            NotFound: Something asked for does not exist for this credential.
            SourceError: Any other error.
        """
        response = self._session(collection, heavy=heavy).post(
            self.instance.graphql_address,
            json={"query": document(operation), "operationName": operation, "variables": dict(variables)},
            headers=_HEADERS,
        )
        errors = _errors(response)
        if errors:
            raise self._error(operation, errors)
        data = response.json().get("data")
        if not isinstance(data, dict):
            raise Unreachable(f"{self.instance.instance}: GraphQL {operation} answered without data.")
        return data

    def _session(self, collection: Collection, *, heavy: bool) -> SourceSession:
        def make() -> SourceSession:
            kind, waiting = (_HeavySession, _heavy_wait) if heavy else (SourceSession, wait)
            session = kind(self.instance.base_url, self.instance.instance, collection, waiting, auth=self.login)
            session.headers.pop("Cookie", None)
            return session

        return self.once(f"session of {collection.id}, heavy={heavy}", make)

    def _error(self, operation: str, errors: list[Record]) -> SourceError:
        first = errors[0]
        kinds = {str(error.get("type") or "") for error in errors}
        said = scrub(" ".join(str(first.get("message") or "no message").split()))[:200]
        place = "/".join(str(step) for step in first.get("path") or ())
        text = (
            f"{self.instance.instance}: GraphQL {operation} answered {len(errors)} error(s); at {place or '?'}: {said}"
        )
        if kinds & set(_REFUSED_TYPES):
            return NotPermitted(text, f"Grant the credential {SCOPES}; authorize it for single sign-on.")
        if kinds & set(_HEAVY_TYPES) or any(part in said.lower() for part in _HEAVY_TEXTS):
            return HeavyQueryError(text, "Lower page_size of this instance.")
        if "NOT_FOUND" in kinds:
            return NotFound(text, "Check the configured names, and that the credential may see them.")
        return SourceError(text, "GitHub did not accept the query.")

    def connection(
        self,
        collection: Collection,
        operation: str,
        variables: Mapping[str, Any],
        path: tuple[str, ...],
        size: PageSize,
        after: str | None = None,
    ) -> Iterator[Record]:
        """Pages of one GraphQL connection, without what stands around it; see `answers`."""
        for _, found in self.answers(collection, operation, variables, path, size, after):
            yield found

    def answers(
        self,
        collection: Collection,
        operation: str,
        variables: Mapping[str, Any],
        path: tuple[str, ...],
        size: PageSize,
        after: str | None = None,
    ) -> Iterator[tuple[Record, Record]]:
        """Pages of one GraphQL connection to its end; the page size is halved where GitHub gives up.

        Args:
            collection: Counts the requests.
            operation: Query with the variables `first` and `after`.
            variables: Its other variables.
            path: Where the connection stands in `data`.
            size: Page size; stays halved for this connection.
            after: Cursor to go on from.

        Yields:
            (`data`, the connection in it); nothing when a parent on the path is null.

        Raises:
            SourceError: Anything that is no answer; `NotPermitted` for a node that is hidden.
        """
        while True:
            try:
                data = self.graphql(
                    collection,
                    operation,
                    {**variables, "first": size.value, "after": after},
                    heavy=size.value > 1,
                )
            except HeavyQueryError as error:
                size.halve(error)
                continue
            found = dig(data, path)
            if found is None:
                return
            self._check_nodes(operation, found)
            collection.page_done()
            yield data, found
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]

    def all_nodes(
        self,
        collection: Collection,
        connection: Record,
        operation: str,
        variables: Mapping[str, Any],
    ) -> list[Record]:
        """Nodes of a nested connection: those at hand, and the rest by further queries.

        Args:
            collection: Counts the requests.
            connection: What the outer query brought.
            operation: Query of the rest, over `node(id:)`, its connection under the alias `connection`.
            variables: `id`, and what else the operation needs.

        Raises:
            SourceError: Anything that is no answer; `NotPermitted` for a node that is hidden.
        """
        self._check_nodes(operation, connection)
        nodes: list[Record] = list(connection["nodes"])
        info = connection["pageInfo"]
        if info["hasNextPage"]:
            rest = self.connection(
                collection, operation, variables, ("node", "connection"), PageSize(PER_PAGE), info["endCursor"]
            )
            for page in rest:
                nodes += page["nodes"]
        return nodes

    def _check_nodes(self, operation: str, connection: Record) -> None:
        if connection.get("nodes") is None or any(node is None for node in connection["nodes"]):
            raise NotPermitted(
                f"{self.instance.instance}: GraphQL {operation} hides a node without saying why.",
                f"Grant the credential {SCOPES}.",
            )


def dig(data: Mapping[str, Any], path: tuple[str, ...]) -> Record | None:
    """What stands at a path of nested objects; None where a parent is null."""
    found: Any = data
    for step in path:
        if found is None:
            return None
        found = found.get(step)
    return found if isinstance(found, dict) else None
