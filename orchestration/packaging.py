"""From the warehouse to a package on disk: the vault's stamps, the checks, the key; and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from expectations.runner import CheckResult
from ingestion.ledger import Ledger
from ingestion.stamps import read_stamps, write_stamps
from orchestration import collection
from orchestration.workspace import CODE_VERSION, Workspace


@dataclass(frozen=True)
class PackageOutcome:
    """The last package, in words; kept as JSON beside the warehouse.

    Attributes:
        path: the package's folder.
        digest: SHA-256 of its manifest.
        state: CHECKS_PASSED or INCOMPLETE.
        because: why it is incomplete.
        lines: findings by control, for a terminal.
    """

    path: str
    digest: str
    state: str
    because: tuple[str, ...]
    lines: tuple[str, ...]


class VaultStamps:
    """Freezes, seeds, draws and first detections as collections of the vault."""

    def __init__(self, workspace: Workspace, now: datetime) -> None:
        self._vault = workspace.vault
        self._work = workspace.collector
        self._now = now

    def read(self, table: str) -> Sequence[Mapping[str, Any]]:
        """All records of a table, in the order in which they were committed."""
        return [stamp.payload for stamp in read_stamps(self._vault, table)]

    def write(self, table: str, records: Sequence[Mapping[str, Any]]) -> None:
        """Append records in one committed collection."""
        keyed = [(str(record["key"]), record) for record in records]
        write_stamps(self._vault, table, keyed, self._now, work_dir=self._work, code_version=CODE_VERSION)


def package(workspace: Workspace, *, strict: bool, key: Path | None) -> PackageOutcome:
    """Build the package of the workspace's engagement.

    Args:
        workspace: where warehouse, checks and vault stand.
        strict: refuse an incomplete package.
        key: file of the signing key; else ITGC_SIGNING_KEY, else unsigned.

    Raises:
        IncompletePackage: strict and incomplete; nothing was written.
    """
    from orchestration.report_package.build import build_package
    from orchestration.report_package.signing import load_key

    engagement = workspace.engagement()
    now = collection.now(engagement)
    checks = [CheckResult(**entry) for entry in json.loads(workspace.checks.read_text(encoding="utf-8"))]

    def ledger() -> Iterator[str]:
        return (entry.text for entry in Ledger(workspace.vault).entries)

    result = build_package(
        workspace.warehouse,
        workspace.manifest,
        engagement.as_used(),
        checks,
        VaultStamps(workspace, now),
        now,
        workspace.packages,
        workspace.code,
        load_key(key),
        strict=strict,
        ledger=ledger,
        as_at=_last_collected(workspace) or now,
    )
    lines = tuple(_lines(result.state, result.incomplete_because, result.summary))
    outcome = PackageOutcome(str(result.path), result.digest, result.state, tuple(result.incomplete_because), lines)
    _outcome_file(workspace).write_text(json.dumps(asdict(outcome), indent=1), encoding="utf-8")
    return outcome


def _last_collected(workspace: Workspace) -> datetime | None:
    """The instant of the latest collection of a source: the vault alone decides it."""
    entries = Ledger(workspace.vault).committed
    instants = [str(entry.facts["collected_at"]) for entry in entries if entry.facts["source"] != "itgc"]
    return datetime.fromisoformat(max(instants)) if instants else None


def read_outcome(workspace: Workspace) -> PackageOutcome:
    """What the last :func:`package` made."""
    facts = json.loads(_outcome_file(workspace).read_text(encoding="utf-8"))
    return PackageOutcome(**{**facts, "because": tuple(facts["because"]), "lines": tuple(facts["lines"])})


def _outcome_file(workspace: Workspace) -> Path:
    return workspace.build / "last_package.json"


def _lines(state: str, because: Sequence[str], summary: Mapping[str, Any]) -> Iterator[str]:
    """A table of the controls, then the state."""
    yield f"{'control':9}{'items':>8}{'passed':>8}{'exceptions':>12}{'not testable':>14}{'not due':>9}  question"
    for row in summary["controls"]:
        counts = (
            f"{row['items']:>8}{row['passed']:>8}{row['exceptions']:>12}{row['not_testable']:>14}{row['not_due']:>9}"
        )
        yield f"{row['control_id']:9}{counts}  {row['question']}"
    severities = ", ".join(f"{count} {severity}" for severity, count in summary["exceptions"].items())
    yield f"exception register: {severities or 'empty'}"
    yield f"state: {state}{'' if summary['signed'] else ' (unsigned)'}"
    for reason in because:
        yield f"  incomplete: {reason}"
