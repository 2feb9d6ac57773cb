"""Every macro of `macros/engine` answers alike on both engines."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration import clock
from tests.spark import engines
from tests.spark.cases import CASES
from tests.spark.engines import Case, on_duckdb, on_spark

# text_to_instant and others are called by the macros that the cases call; seeds.sql is dbt's own, and the whole build tests it
INDIRECT = {"null_instant", "instant_type", "java_pattern", "local_to_instant", "load_csv_rows", "quoted"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_answer(session: Any, tmp_path: Path, case: Case) -> None:
    here, there = on_duckdb(case), on_spark(session, tmp_path, case)
    assert any(value is not None for row in here for value in row[1:]), "a case without an answer shows nothing"
    assert [repr(row) for row in there] == [repr(row) for row in here]


@pytest.mark.parametrize("macro", ["lower_case", "upper_case", "strip_accents", "trimmed"])
def test_every_letter(session: Any, tmp_path: Path, macro: str) -> None:
    """All letters of Unicode 13, which Java 17 knows; the ideographs kept for compatibility have no accents to lose."""
    letters = [
        chr(code)
        for code in range(1, 0x110000)
        if unicodedata.category(chr(code))[0] in "LNPZ" and not (0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F)
    ]
    case = Case(macro, f"{{{{ {macro}('a') }}}}", [(letter,) for letter in letters])
    answers = zip(letters, on_duckdb(case), on_spark(session, tmp_path, case), strict=True)
    wrong = {letter: (here[1], there[1]) for letter, here, there in answers if here != there}
    assert {letter: pair for letter, pair in wrong.items() if letter not in LATER} == {}


LATER = set("ƛɤꟓꟕ\u1c89\u1c8a")
"""Letters whose other case came with later versions of Unicode, which Spark knows and DuckDB does not."""


@pytest.mark.parametrize(
    ("macro", "broken", "case"),
    [
        ("spark__start_of_day", "to_utc_timestamp(cast({{ date }} as timestamp), 'UTC')", "start_of_day"),
        ("local_to_instant", "to_utc_timestamp({{ local_time }}, {{ zone }})", "zoned_text_to_instant"),
        ("spark__max_by", "max_by({{ value }}, {{ by }})", "max_by"),
        ("spark__lower_case", "lower({{ expression }})", "lower"),
        ("spark__matches", "({{ expression }} rlike r'{{ pattern }}')", "matches a key"),
    ],
)
def test_a_broken_macro_is_seen(
    session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, macro: str, broken: str, case: str
) -> None:
    (chosen,) = [one for one in CASES if one.name == case]
    name = macro
    text = "\n".join(path.read_text(encoding="utf-8") for path in engines.MACROS.glob("*.sql"))
    match = re.search(rf"macro {name}\(([^)]*)\)", text)
    assert match
    monkeypatch.setattr(engines, "EXTRA", f"{{% macro {name}({match[1]}) %}}{broken}{{% endmacro %}}")
    assert on_duckdb(chosen) != on_spark(session, tmp_path, chosen)


@pytest.mark.needs_nothing
@pytest.mark.parametrize("name", ["start_of_day", "end_of_day"])
def test_a_day_begins_when_it_does_in_python(name: str) -> None:
    """The windows of collection and the models speak of the same instants, also where midnight comes twice or not at all."""
    (case,) = [one for one in CASES if one.name == name]
    wrong = {}
    for (_, answer), (day, zone) in zip(on_duckdb(case), case.rows, strict=True):
        expected = day and int(getattr(clock, name)(date.fromisoformat(day), zone).timestamp()) * 1_000_000
        if answer != expected:
            wrong[day, zone] = (answer, expected)
    assert wrong == {}


@pytest.mark.needs_nothing
def test_every_macro_has_a_case() -> None:
    called = " ".join(case.call for case in CASES)
    names = {
        name
        for path in engines.MACROS.glob("*.sql")
        for name in re.findall(r"\{% macro (\w+)\(", path.read_text(encoding="utf-8"))
        if "__" not in name
    }
    assert sorted(name for name in names - INDIRECT if f"{name}(" not in called) == []
