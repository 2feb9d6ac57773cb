"""What pull requests and branches have in common: whole commits, and the checks of a commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.contract import Collection
from ingestion.sources.github import mapping
from ingestion.sources.github.client import Github, Record

COMMIT_SIZES = {"authors": 10, "parents": 5}
CHECK_SIZES = {"suites": 10, "runs": 20}
NOTHING: Record = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
"""What a nullable connection stands for when it is null without an error: there is nothing."""
NOTHING_HIDDEN = "no part of any answer was hidden (GraphQL reports that as an error)"


def place(github: Github, repository: Record) -> dict[str, Any]:
    """Variables that name a repository."""
    return {"owner": github.instance.org, "name": str(repository["name"])}


def whole_commit(github: Github, collection: Collection, commit: Record) -> Record:
    """A commit with all its authors and parents."""
    whole = dict(commit)
    for field in ("authors", "parents"):
        nodes = github.all_nodes(collection, commit[field], f"more_{field}", {"id": commit["id"]})
        whole[field] = mapping.plain(commit[field], nodes)
    return whole


def checks_of(github: Github, collection: Collection, commit: Record, repository_id: str) -> Iterator[mapping.Raw]:
    """All check runs (of every attempt) and legacy statuses of a commit."""
    oid = str(commit["oid"])
    suites = github.all_nodes(
        collection,
        commit.get("checkSuites") or NOTHING,
        "more_check_suites",
        {"id": commit["id"], "runs": CHECK_SIZES["runs"]},
    )
    for suite in suites:
        runs = github.all_nodes(collection, suite.get("checkRuns") or NOTHING, "more_check_runs", {"id": suite["id"]})
        for run in runs:
            yield mapping.check_run(run, suite, repository_id, oid)
    for status in (commit.get("status") or {}).get("contexts") or []:
        yield mapping.commit_status(status, repository_id, oid)
