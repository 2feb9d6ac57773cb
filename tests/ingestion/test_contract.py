from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.contract import (
    RAW_COLUMNS,
    Collection,
    Window,
    canonical_json,
    compact_instant,
    instant,
    parse_instant,
    raw_schema,
)

NOW = datetime(2025, 11, 1, 4, 30, tzinfo=UTC)


@pytest.fixture
def collection() -> Collection:
    return Collection("okta-harbor.users.x.0", "okta-harbor", "users", Window(None, NOW), NOW)


def test_page_has_the_raw_shape(collection: Collection) -> None:
    page = collection.page("users", [("1", NOW, {"b": "ü", "a": 1.5})])
    assert page.schema == raw_schema()
    assert page.column_names == list(RAW_COLUMNS)
    (row,) = page.to_pylist()
    assert row["payload"] == '{"a":"1.5","b":"ü"}'
    assert row["payload_sha256"] == hashlib.sha256(row["payload"].encode()).hexdigest()
    assert row["collection_id"] == "okta-harbor.users.x.0"
    assert row["source_updated_at"] == NOW
    assert collection.page("users", []).num_rows == 0


def test_overlapping_pages_are_written_once_and_changes_are_kept(collection: Collection) -> None:
    collection.page("users", [("1", None, {"v": 1}), ("2", None, {"v": 1})])
    again = collection.page("users", [("2", None, {"v": 1}), ("2", None, {"v": 2}), ("1", None, {"v": 1})])
    assert [row["payload"] for row in again.to_pylist()] == ['{"v":2}']
    count = collection.counts["users"]
    assert (count.rows, count.distinct_keys) == (3, 2)
    assert collection.page("groups", [("1", None, {"v": 1})]).num_rows == 1


def test_keys_and_times_are_checked(collection: Collection) -> None:
    with pytest.raises(ValueError, match="empty key"):
        collection.page("users", [("", None, {})])
    with pytest.raises(ValueError, match="no time zone"):
        collection.page("users", [("1", NOW.replace(tzinfo=None), {})])
    with pytest.raises(TypeError, match="set cannot stand in a payload"):
        collection.page("users", [("1", None, {"a": {1}})])


def test_instants() -> None:
    eastern = timezone(timedelta(hours=-4))
    assert instant(datetime(2025, 10, 1, 0, 30, 0, 999_999, eastern)) == "2025-10-01T04:30:00Z"
    assert compact_instant(NOW) == "20251101T043000Z"
    assert parse_instant("2025-10-01T00:30:00-04:00") == datetime(2025, 10, 1, 4, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        parse_instant("2025-10-01T00:30:00")


def test_numbers_that_engines_read_differently_become_text() -> None:
    value = {"f": 0.1, "d": Decimal("1.10"), "big": 2**63, "ok": 2**63 - 1, "neg": -(2**63) - 1, "t": True, "n": None}
    assert json.loads(canonical_json(value)) == {
        "f": "0.1",
        "d": "1.10",
        "big": str(2**63),
        "ok": 2**63 - 1,
        "neg": str(-(2**63) - 1),
        "t": True,
        "n": None,
    }
    assert canonical_json({"big": 2**63}) == '{"big":"9223372036854775808"}'


TEXT = st.text(alphabet=st.characters(codec=None))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_canonical_json_is_a_fixed_point_in_utf8(value: object) -> None:
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text
    text.encode("utf-8")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
@example({"\x7f": '\x00\x1f\u2028 "\\/\b', "\U0001f600": 2**63 - 1, "\uffff": 2**53, "a": [[], {}, -(2**63)]})
def test_the_fast_way_writes_what_the_standard_library_writes(value: object) -> None:
    assert canonical_json(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=6))
def test_order_of_fields_does_not_matter(value: dict[str, int]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)
