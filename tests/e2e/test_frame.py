"""The frame of change management against git itself: every commit of production in the period is one change's."""

from __future__ import annotations

import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.conftest import PROJECT, Run
from tests.e2e.kit import table

ZONE = ZoneInfo("America/New_York")
START, END = datetime(2025, 10, 1, tzinfo=ZONE), datetime(2026, 10, 1, tzinfo=ZONE)


def repositories() -> dict[str, str]:
    """Repository id → folder, as the engagement names them."""
    sources = yaml.safe_load((PROJECT / "engagement.yml").read_text(encoding="utf-8"))["sources"]
    (git,) = [source for source in sources if source["source"] == "git"]
    return {entry["id"]: str(entry["url"]).removeprefix("{demo_files}/") for entry in git["repositories"]}


def git(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize(("repository", "folder"), repositories().items())
def test_every_commit_in_the_period_belongs_to_one_change(run: Run, repository: str, folder: str) -> None:
    by_sha = {
        sha: datetime.fromisoformat(committed)
        for sha, committed in (
            line.split()
            for line in git(run.build / "demo" / folder, "log", "--first-parent", "--format=%H %cI", "main")
        )
    }
    in_period = {sha for sha, committed in by_sha.items() if START <= committed < END}
    rows = [row for row in table(run.package, "CM-01_code_changes__commits.csv") if row["repository_id"] == repository]
    assert len(in_period) > 20
    assert Counter(row["sha"] for row in rows if not row["lost_at"]) == Counter(in_period)
    items = {row["item_key"] for row in table(run.package, "CM-01_code_changes.csv")}
    assert {row["item_key"] for row in rows} <= items


def test_commits_that_a_force_push_removed_stay_in_the_population(run: Run) -> None:
    lost = [row for row in table(run.package, "CM-01_code_changes__commits.csv") if row["lost_at"]]
    assert lost
    folders = repositories()
    for row in lost:
        folder = run.build / "demo" / folders[row["repository_id"]]
        assert git(folder, "cat-file", "-t", row["sha"]) == ["commit"]
        assert row["sha"] not in git(folder, "rev-list", "main")


def test_the_repositories_hold_every_way_to_change_a_branch(run: Run) -> None:
    """Merge commits, squashes (one commit with the request's tree), rebases (several commits), direct pushes."""
    changes = table(run.package, "CM-01_code_changes.csv")
    kinds = Counter(row["change_kind"] for row in changes)
    assert kinds["pull_request"] > 100
    assert len(kinds) > 1
    assert any(int(row["commits"]) > 1 for row in changes)
    parents = [
        len(line.split()) - 1
        for folder in repositories().values()
        for line in git(run.build / "demo" / folder, "rev-list", "--first-parent", "--parents", "main")
    ]
    assert {1, 2} <= set(parents)
