"""The manifest: every file with its hash, every population with its root; its own SHA-256 is the package digest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from orchestration.report_package.csv_export import sha256_file

SCHEMA = "soc1-evidence/1"
MANIFEST = "MANIFEST.json"
ENVELOPE = "MANIFEST.dsse.json"


def canonical(value: object) -> bytes:
    """Return JSON as its one canonical text: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def files_of(folder: Path) -> list[dict[str, Any]]:
    """Describe every file of the folder but the two manifests, sorted by path."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [
        {"path": path, "bytes": (folder / path).stat().st_size, "sha256": sha256_file(folder / path)}
        for path in paths
        if path not in {MANIFEST, ENVELOPE}
    ]


def write_manifest(
    folder: Path,
    *,
    reasons: Sequence[str],
    populations: Sequence[Mapping[str, Any]],
    ledger_head: str,
    neutralized_cells: int,
    code_version: str,
) -> str:
    """Write MANIFEST.json over the finished folder and return the package digest."""
    content = canonical(
        {
            "schema": SCHEMA,
            "state": "INCOMPLETE" if reasons else "CHECKS_PASSED",
            "incomplete_because": list(reasons),
            "files": files_of(folder),
            "populations": list(populations),
            "ledger_head": ledger_head,
            "engagement_sha256": sha256_file(folder / "engagement.json"),
            "neutralized_cells": neutralized_cells,
            "versions": {"code": code_version, "schema": 1},
        }
    )
    (folder / MANIFEST).write_bytes(content)
    return sha256(content).hexdigest()
