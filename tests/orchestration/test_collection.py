"""Which instants a real engagement collects at, and when the vault holds enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from ingestion.ledger import Ledger
from ingestion.sources import connector
from orchestration import clock, collection
from orchestration.workspace import Workspace

CUTOFF = datetime(2026, 2, 1, 5, tzinfo=UTC)  # the end of 2026-01-31 in New York


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    engagement = {
        "organization": {"name": "Small Company", "slug": "small"},
        "system": "Small Platform",
        "report": {
            "type": "II",
            "period": {"start": "2025-10-01", "end": "2025-12-31"},
            "evidence_cutoff": "2026-01-31",
        },
        "sources": [{"source": "registers", "instance": "registers", "folder": "registers"}],
    }
    (tmp_path / "engagement.yml").write_text(yaml.safe_dump(engagement), encoding="utf-8")
    return Workspace(tmp_path, tmp_path / "engagement.yml", tmp_path / "build")


def committed(workspace: Workspace, window_end: str) -> None:
    ledger = Ledger(workspace.vault)
    for resource in connector("registers").RESOURCES:
        facts = {"collection_id": "x", "instance": "registers", "resource": resource.name, "window_end": window_end}
        ledger.append("committed", facts)


@pytest.mark.parametrize(
    ("now", "window_end", "holds"),
    [
        ("2025-12-10T15:00:00Z", "2025-12-10T05:00:00Z", True),  # since today began in New York
        ("2025-12-10T15:00:00Z", "2025-12-10T04:59:59Z", False),
        ("2026-01-15T15:00:00Z", "2026-01-01T05:00:00Z", False),  # the period is held, what followed it is not
        ("2026-06-01T15:00:00Z", "2026-01-31T05:00:00Z", False),
        ("2026-06-01T15:00:00Z", "2026-02-01T05:00:00Z", True),  # nothing after the cutoff counts
    ],
)
def test_the_vault_holds_the_period(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, now: str, window_end: str, holds: bool
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(now))
    committed(workspace, window_end)
    assert collection.holds_period(workspace, workspace.engagement()) is holds


def test_one_resource_missing_is_not_the_period(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: CUTOFF + timedelta(days=1))
    assert not collection.holds_period(workspace, workspace.engagement())


def test_nothing_counts_that_a_system_did_after_the_cutoff(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: CUTOFF + timedelta(days=40))
    assert collection.ticks(workspace.engagement(), "okta") == [CUTOFF]
    monkeypatch.setattr(clock, "now", lambda: CUTOFF - timedelta(days=40))
    assert collection.ticks(workspace.engagement(), "okta") == [CUTOFF - timedelta(days=40)]


def test_what_people_decide_after_the_cutoff_is_collected(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "registers").mkdir()
    for days in (0, 40, 41):
        monkeypatch.setattr(clock, "now", lambda days=days: CUTOFF + timedelta(days=days))
        collection.collect(workspace, workspace.engagement(), "registers")
    entries = Ledger(workspace.vault).of("registers", "systems")
    assert [entry.window_end - CUTOFF for entry in entries] == [timedelta(days=days) for days in (0, 40, 41)]
    assert entries[1].facts["collected_at"] == "2026-03-13T05:00:00Z"
    assert collection.later_than_cutoff(workspace, workspace.engagement()) == []


def test_a_vault_of_a_later_engagement(workspace: Workspace) -> None:
    ledger = Ledger(workspace.vault)
    for source, end in (
        ("okta", "2026-02-01T05:00:00Z"),
        ("okta", "2026-02-01T05:00:01Z"),
        ("itgc", "2027-01-01T00:00:00Z"),
    ):
        ledger.append("committed", {"collection_id": f"{source} {end}", "source": source, "window_end": end})
    assert collection.later_than_cutoff(workspace, workspace.engagement()) == ["okta 2026-02-01T05:00:01Z"]
