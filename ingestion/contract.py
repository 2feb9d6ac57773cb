"""What a connector and the pipeline agree on: windows, resources, the collection being written, and errors.

A connector turns a vendor's answers into pages of raw records; everything that makes them evidence (identity of the
collection, counts, hashes, the ledger) happens here and in `ingestion.pipeline`. Nothing in this module reads a clock.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import orjson

from ingestion.digests import Digests

if TYPE_CHECKING:
    import pyarrow as pa

RAW_COLUMNS = ("record_key", "source_updated_at", "collection_id", "payload_sha256", "payload")
"""The one shape of every raw table."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGEST = 16  # bytes
_INT64 = range(-(2**63), 2**63)
_AS_WRITTEN = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_SCALARS = frozenset({str, int, bool, type(None)})
_NESTED = frozenset({dict, list})
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class SourceError(Exception):
    """A source could not be collected; says what happened and what to do next.

    Args:
        message: What happened, without secrets.
        remedy: What the reader can do about it.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class NotAuthorized(SourceError):  # noqa: N818 - reads as the fact it states
    """The credential was not accepted (401)."""


class NotPermitted(SourceError):  # noqa: N818 - reads as the fact it states
    """The credential is valid but may not read this (403): the collection fails with permission `denied`."""


class NotFound(SourceError):  # noqa: N818 - reads as the fact it states
    """The address does not exist, or not for this credential (404, 410)."""


class Unreachable(SourceError):  # noqa: N818 - reads as the fact it states
    """The source did not answer, or only with server errors, after all retries."""


class RateLimited(SourceError):  # noqa: N818 - reads as the fact it states
    """The source kept refusing because of its rate limit after all retries."""


class ForeignOrigin(SourceError):  # noqa: N818 - reads as the fact it states
    """The source pointed at another origin (next page or redirect); following it would hand over the credential."""


@dataclass(frozen=True)
class Window:
    """A half-open interval `[start, end)` in UTC; `start` is None for a snapshot."""

    start: datetime | None
    end: datetime


@dataclass(frozen=True)
class Resource:
    """One unit of collection of a source.

    Attributes:
        name: Name of the resource, part of the collection id.
        tables: Raw tables it feeds.
        kind: `snapshot` (everything as at the tick) or `window` (what changed since the last committed window).
        retention: How far back the source itself can answer; older parts of a window become gaps.
        lag: Overlap with the previous window, for sources that are eventually consistent.
        description: One sentence for readers.
    """

    name: str
    tables: tuple[str, ...]
    kind: Literal["snapshot", "window"]
    retention: timedelta | None = None
    lag: timedelta = timedelta(0)
    description: str = ""


@dataclass(frozen=True)
class Permission:
    """What the permission probe found: may this credential see the whole resource?"""

    result: Literal["granted", "denied", "not_available", "unknown"] = "unknown"
    detail: str = ""


@dataclass(frozen=True)
class Finding:
    """One line of a connector's `doctor`."""

    check: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Gap:
    """A part of a window which the source could no longer answer for."""

    start: datetime
    end: datetime
    cause: str


def instant(value: datetime) -> str:
    """Write an instant as the ledger does: ISO 8601, UTC, `Z`, whole seconds.

    Raises:
        ValueError: The datetime has no time zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone; instants are stored in UTC")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compact_instant(value: datetime) -> str:
    """Write an instant as collection ids do: `20251101T043000Z`."""
    return instant(value).replace("-", "").replace(":", "")


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant with a zone (as the ledger and most vendors write it) into UTC.

    Raises:
        ValueError: Not an instant, or without a zone.
    """
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return value.astimezone(UTC)


def _text(value: str) -> str:
    return value if value.isascii() else _LONE_SURROGATE.sub("\ufffd", value)


def _plain(value: object) -> object:
    """Make a value JSON-safe for every engine: non-integer numbers and integers beyond 64 bits become strings."""
    kind = type(value)
    if kind is str:
        return _text(value)  # type: ignore[arg-type]
    if value is None or kind is bool:
        return value
    if kind is dict:
        return {_text(str(name)): _plain(part) for name, part in value.items()}  # type: ignore[attr-defined]
    if isinstance(value, int):
        return value if value in _INT64 else str(value)
    return _plain_of_other_type(value)


def _plain_of_other_type(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(str(name)): _plain(part) for name, part in value.items()}
    raise TypeError(f"a {type(value).__name__} cannot stand in a payload")


def canonical_json(value: object) -> str:
    """Write a record as canonical JSON text: sorted keys, compact, UTF-8 not escaped, non-integer numbers as strings.

    Raises:
        TypeError: The record holds something that JSON does not know.
    """
    if _is_plain(value):
        try:
            return orjson.dumps(value, option=_AS_WRITTEN).decode()
        except orjson.JSONEncodeError:  # an integer beyond 53 bits, a lone surrogate: the long way treats them
            pass
    return _ENCODER.encode(_plain(value))


def _is_plain(value: object) -> bool:
    """Whether a value holds only what orjson and :data:`_ENCODER` write alike."""
    kind = type(value)
    if kind is dict:
        parts = value.values()  # type: ignore[attr-defined]
    elif kind is list:
        parts = value
    else:
        return kind in _SCALARS
    odd = set(map(type, parts)) - _SCALARS
    return not odd or (odd <= _NESTED and all(map(_is_plain, parts)))


def sha256_text(text: str) -> str:
    """SHA-256 (hex) of the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def raw_schema() -> pa.Schema:
    """The Arrow schema of every raw table (columns of `RAW_COLUMNS`)."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("record_key", pa.string(), nullable=False),
            pa.field("source_updated_at", pa.timestamp("us", tz="UTC"), nullable=True),
            pa.field("collection_id", pa.string(), nullable=False),
            pa.field("payload_sha256", pa.string(), nullable=False),
            pa.field("payload", pa.string(), nullable=False),
        ]
    )


@dataclass
class TableCount:
    """What was written to one table in one collection; `seen` holds digests of the key, then of the payload."""

    rows: int = 0
    seen: Digests = field(default_factory=Digests)

    @property
    def distinct_keys(self) -> int:
        """How many records there are, whatever their payloads."""
        return self.seen.beginnings(_DIGEST)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest()


@dataclass(eq=False)
class Collection:
    """One source instance, resource and window while it is being collected.

    The connector reads `window`, `collected_at` and `previous_state`, yields `page(...)`, and sets `state`,
    `parameters`, `source_total` and `permission`. Everything else is counted.

    Attributes:
        id: `<instance>.<resource>.<window end>.<k>`.
        previous_state: `state` of the last committed collection of the same instance and resource.
        state: Cursor-like facts which the next window needs; goes to the ledger.
        parameters: What was asked of the source (filters, fields, branches); goes to the ledger. No secrets.
        source_total: The number of records which the source itself reports, where it does.
        permission: What the probe found; `denied` fails the collection.
    """

    id: str
    instance: str
    resource: str
    window: Window
    collected_at: datetime
    previous_state: Mapping[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    source_total: int | None = None
    permission: Permission = field(default_factory=Permission)
    pages: int = 0
    requests: int = 0
    http_statuses: Counter[int] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)
    counts: dict[str, TableCount] = field(default_factory=dict)

    def page(self, table: str, records: Iterable[tuple[str, datetime | None, Mapping[str, Any]]]) -> pa.Table:
        """Turn records into one Arrow page of the raw shape and count them.

        A record seen before in this collection with the same payload (overlapping pages) is left out; with another
        payload it is written too.

        Args:
            table: One of the resource's tables.
            records: (record_key, source_updated_at, payload); the payload is the vendor's record, plus `_context`.

        Returns:
            An Arrow table with the columns of `RAW_COLUMNS`; may have no rows.

        Raises:
            ValueError: An empty record key, or a time without a zone.
        """
        import pyarrow as pa

        count = self.counts.setdefault(table, TableCount())
        rows: list[tuple[str, datetime | None, str, str, str]] = []
        versions: list[bytes] = []
        for key, updated_at, payload in records:
            record_key = _text(key)
            if not record_key:
                raise ValueError(f"a record of {table} has an empty key")
            if updated_at is not None and updated_at.tzinfo is None:
                raise ValueError(f"{table} {record_key}: source_updated_at has no time zone")
            text = canonical_json(payload)
            hashed = hashlib.sha256(text.encode())
            rows.append((record_key, updated_at, self.id, hashed.hexdigest(), text))
            versions.append(_digest(record_key) + hashed.digest()[:_DIGEST])
        fresh = count.seen.add(versions)
        count.rows += sum(fresh)
        written = [row for row, is_fresh in zip(rows, fresh, strict=True) if is_fresh]
        columns = zip(*written, strict=True) if written else ([] for _ in RAW_COLUMNS)
        return pa.table([list(column) for column in columns], schema=raw_schema())

    def request_done(self, status: int) -> None:
        """Count one HTTP exchange by its status; 0 stands for a dropped connection."""
        self.requests += 1
        self.http_statuses[status] += 1

    def page_done(self) -> None:
        """Count one page of the source's answer."""
        self.pages += 1

    def gap(self, start: datetime, end: datetime, cause: str) -> None:
        """Record that the source could not answer for `[start, end)`."""
        self.gaps.append(Gap(start, end, cause))
