"""Ways to tamper with a package; a forger also mends the manifests, as far as anybody without the key can."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from orchestration.report_package.csv_export import csv_line
from orchestration.report_package.manifest import ENVELOPE, MANIFEST, canonical, files_of
from orchestration.report_package.merkle import merkle_root
from orchestration.report_package.signing import envelope

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    lines = path.read_text("utf-8").split("\n")[:-1]
    return list(csv.DictReader(io.StringIO("\r\n".join(lines), newline="")))


def write(path: Path, rows: list[Row], header: list[str]) -> None:
    text = [csv_line(header)[0], *(",".join(_cell(row[name]) for name in header) for row in rows)]
    path.write_bytes(("\n".join(text) + "\n").encode())


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def header(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n", 1)[0].split(",")


def edit(path: Path, change: Callable[[list[Row]], None]) -> None:
    """Change the rows of a CSV file."""
    names, rows = header(path), read(path)
    change(rows)
    write(path, rows, names)


def mend(folder: Path, *, roots: bool = False, key: bytes | None = None) -> None:
    """Make the manifests agree with the folder again; with ``roots`` also every population's number and root."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    if roots:
        current = {}
        for population in manifest["populations"]:
            lines = (folder / population["file"]).read_bytes().split(b"\n")[1:-1]
            population["items"], population["merkle_root"] = len(lines), merkle_root(lines).hex()
            current[population["population_id"]] = population

        def restate(rows: list[Row]) -> None:
            for row in rows:
                population = current[row["population_id"]]
                row["items"], row["merkle_root"] = str(population["items"]), population["merkle_root"]

        edit(folder / "populations.csv", restate)
    manifest["files"] = files_of(folder)
    manifest["engagement_sha256"] = sha256((folder / "engagement.json").read_bytes()).hexdigest()
    content = canonical(manifest)
    (folder / MANIFEST).write_bytes(content)
    (folder / ENVELOPE).write_bytes(envelope(sha256(content).hexdigest(), key))
