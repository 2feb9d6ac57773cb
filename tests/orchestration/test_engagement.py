"""The engagement file: what is accepted, and what a reader is told when it is not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from orchestration.engagement import EngagementError, load

PROJECT = Path(__file__).parents[2]
GOOD = (PROJECT / "engagement.yml").read_text(encoding="utf-8")


def written(folder: Path, text: str) -> Path:
    path = folder / "engagement.yml"
    path.write_text(text, encoding="utf-8")
    return path


def problem(folder: Path, text: str) -> str:
    with pytest.raises(EngagementError) as caught:
        load(written(folder, text))
    return str(caught.value)


def test_the_shipped_file_is_valid(tmp_path: Path) -> None:
    engagement = load(written(tmp_path, GOOD))
    assert engagement.report.period is not None
    assert engagement.report.period.start == date(2025, 10, 1)


def test_period_is_half_open_in_its_zone(tmp_path: Path) -> None:
    engagement = load(written(tmp_path, GOOD))
    assert engagement.period_start_at == datetime(2025, 10, 1, 4, tzinfo=UTC)  # daylight saving time
    assert engagement.period_end_at == datetime(2026, 10, 1, 4, tzinfo=UTC)
    assert engagement.evidence_cutoff_at == datetime(2026, 11, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("2026-09-30 }", "2025-09-30 }"),
            "engagement.yml:10: report.period: the period ends (2025-09-30) before it starts",
        ),
        (("  type: II", "  type: III"), "engagement.yml:9: report.type: Input should be 'I' or 'II'"),
        (("zone: America/New_York", "zone: America/Gotham"), "zone: expected an IANA time zone"),
        (("system: Harbor", "sistem: Harbor"), "system: this key is required"),
        (("system: Harbor", "sistem: Harbor"), "engagement.yml:7: sistem: unknown key"),
        (
            ("evidence_cutoff: 2026-10-31", "evidence_cutoff: 2026-08-31"),
            "evidence_cutoff (2026-08-31) lies before the last day",
        ),
        (("- source: jira", "- source: gira"), "sources.5.source: expected one of bamboohr, git, github"),
        (("instance: hris-uk", "instance: bamboohr-us"), "instance names must be distinct, these are not: bamboohr-us"),
        (("slug: harbor-payroll", "slug: Harbor/../x"), "organization.slug"),
        (('seed: "31415926535897932384"', 'seed: "1234"'), "sampling.seed"),
        (("type: II", "type: I"), "a Type I report has `as_of` and no `period`"),
    ],
)
def test_a_mistake_is_named_with_line_and_expectation(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    assert change[0] in GOOD
    assert expected in problem(tmp_path, GOOD.replace(*change))


def test_several_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    text = problem(tmp_path, GOOD.replace("type: II", "type: III").replace("zone: America/New_York", "zone: Nowhere"))
    assert len(text.splitlines()) >= 2


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [", "\x00"])
def test_not_a_mapping(tmp_path: Path, text: str) -> None:
    assert problem(tmp_path, text).startswith("engagement.yml: ")


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngagementError, match="itgc init"):
        load(tmp_path / "engagement.yml")


def test_type_one_has_one_day(tmp_path: Path) -> None:
    text = GOOD.replace("type: II", "type: I").replace(
        "period: { start: 2025-10-01, end: 2026-09-30 }", "as_of: 2026-09-30"
    )
    engagement = load(written(tmp_path, text))
    assert engagement.report.first_day == engagement.report.last_day == date(2026, 9, 30)
    assert engagement.dbt_vars()["report_type"] == "I"


def test_the_template_is_valid() -> None:
    engagement = load(PROJECT / "orchestration" / "engagement.template.yml")
    assert engagement.simulation is None
    assert {source.source for source in engagement.sources} == {
        "okta",
        "github",
        "git",
        "bamboohr",
        "hris_csv",
        "jira",
        "registers",
    }
