"""What the end-to-end tests share: reading a package, copying a prepared build folder."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

from tests.conftest import Run


def table(package: Path, name: str) -> list[dict[str, str]]:
    """A CSV of the package by its file name."""
    (path,) = package.rglob(name)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def manifest(package: Path) -> dict[str, Any]:
    return dict(json.loads((package / "MANIFEST.json").read_bytes()))


def ledger(build: Path) -> dict[str, bytes]:
    """Entries of the ledger by file name."""
    return {path.name: path.read_bytes() for path in sorted((build / "vault" / "ledger").glob("*.json"))}


def package_of(stdout: str) -> Path:
    last = stdout.strip().splitlines()[-1]
    assert last.startswith("package: "), last
    return Path(last.removeprefix("package: "))


def copy_build(run: Run, folder: Path, *parts: str) -> Path:
    """Copy parts of the prepared build folder; the engagement file beside it is the caller's."""
    for part in parts:
        source, target = run.build / part, folder / "build" / part
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder / "build"
