"""What goes wrong at a source ends in one screen that says what to do; nothing is lost, no secret comes out.

A small engagement in a closed period, its sources on a loopback server in this process.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from ingestion.demo.server import DemoServer
from ingestion.demo.store import Store
from tests.conftest import PROJECT, Run
from tests.e2e.kit import ledger, package_of

CANARY = "canary7f31c0ffee5ecret"
VENDORS = {"okta": "okta-small", "github": "github-small", "bamboohr": "bamboohr-small", "jira": "jira-small"}
IMPATIENT = (
    "import ingestion.http; ingestion.http.sleep = lambda seconds: None; from orchestration.cli import main; main()"
)


@dataclass
class Small:
    """An engagement of one quarter on a server of this process.

    Attributes:
        folder: holds engagement.yml, build and .dlt.
        server: its `tokens` are canaries.
        secrets: the environment's secrets by vendor; change one to break it.
        said: everything that any command printed.
    """

    folder: Path
    server: DemoServer
    secrets: dict[str, str]
    said: list[str] = field(default_factory=list)

    @property
    def build(self) -> Path:
        return self.folder / "build"

    def write(self, sources: list[dict[str, Any]], **others: Any) -> None:
        engagement = {
            "organization": {"name": "Small Company", "slug": "small"},
            "system": "Small Platform",
            "report": {
                "type": "II",
                "period": {"start": "2025-10-01", "end": "2025-12-31"},
                "evidence_cutoff": "2026-01-31",
            },
            "collection": {"snapshot_max_gap_days": 130},
            "sources": sources,
            **others,
        }
        (self.folder / "engagement.yml").write_text(yaml.safe_dump(engagement), encoding="utf-8")

    def source(self, vendor: str, **others: Any) -> dict[str, Any]:
        settings: dict[str, Any] = {"github": {"org": "harbor-payroll"}, "bamboohr": {"company": "harbor"}}.get(
            vendor, {}
        )
        if vendor == "jira":
            settings = {"projects": ["ACC"], "email": "evidence@small.example"}
        return {
            "source": vendor,
            "instance": VENDORS[vendor],
            "base_url": f"{self.server.url}/{vendor}",
            **settings,
            **others,
        }

    def itgc(self, *arguments: str, secrets: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """The command line, without the waiting between attempts."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": str(PROJECT)}
        environment |= {
            "ITGC_PROJECT": str(PROJECT),
            "ITGC_BUILD": str(self.build),
            "ITGC_ENGAGEMENT": str(self.folder / "engagement.yml"),
        }
        for vendor, value in (self.secrets | dict(secrets or {})).items():
            environment[f"SOURCES__{VENDORS[vendor].upper().replace('-', '_')}__TOKEN"] = value
        done = subprocess.run(
            [sys.executable, "-c", IMPATIENT, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        text = done.stdout + done.stderr
        self.said.append(text)
        assert "Traceback" not in text, text
        assert len(text.splitlines()) < 40, text
        return done


@pytest.fixture(scope="module")
def store(run: Run) -> Store:
    return Store.load(run.build / "demo" / "store")


@pytest.fixture
def small(store: Store, run: Run, tmp_path: Path) -> Iterator[Small]:
    with DemoServer(store, run.build / "demo", clock=datetime(2026, 2, 1, 5, tzinfo=UTC)) as server:
        for vendor in server.tokens:
            server.tokens[vendor] = f"{CANARY}{vendor}"
            server.unprivileged[vendor] = f"{CANARY}{vendor}small"
        yield Small(tmp_path, server, {vendor: server.tokens[vendor] for vendor in VENDORS})


def kinds(build: Path, source: str) -> dict[str, int]:
    """How many entries of each kind the ledger holds of a source."""
    found: dict[str, int] = {}
    for data in ledger(build).values():
        entry = json.loads(data)
        if entry["source"] == source:
            found[entry["kind"]] = found.get(entry["kind"], 0) + 1
    return found


def kept(before: dict[str, bytes], after: dict[str, bytes]) -> bool:
    """Whether every earlier entry is still there, unchanged, and comes first."""
    return list(after)[: len(before)] == list(before) and all(after[name] == data for name, data in before.items())


def texts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The content of every file, compressed formats opened."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        yield str(path), path.read_bytes()
        if path.suffix == ".parquet":
            yield str(path), json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path}!{name}", archive.read(name)) for name in archive.namelist())
        elif path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as connection:
                tables = connection.execute(
                    "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
                ).fetchall()
                for schema, name in tables:
                    rows = connection.execute(f'select cast(t as varchar) from "{schema}"."{name}" as t').fetchall()
                    yield f"{path}!{schema}.{name}", "\n".join(str(row) for row in rows).encode()


def leaks(small: Small) -> list[str]:
    """Where a secret stands, plain or as the token part of a basic authorization."""
    shapes = [CANARY.encode()]
    for vendor, token in small.secrets.items():
        user = {"jira": "evidence@small.example:" + token, "bamboohr": token + ":x"}.get(vendor, token)
        shapes.append(base64.b64encode(user.encode()))
    found = [place for place, data in texts(small.build) if any(shape in data for shape in shapes)]
    return found + [text for text in small.said if any(shape.decode() in text for shape in shapes)]


def test_wrong_token(small: Small) -> None:
    """The other source is collected; the right token completes the vault, in front of which everything stays."""
    small.write([small.source("okta"), small.source("jira")])
    wrong = {"okta": f"{CANARY}wrong"}

    doctor = small.itgc("doctor", secrets=wrong)
    assert doctor.returncode == 1
    assert "FAIL okta-small: token:" in doctor.stdout
    assert "Create an API token" in doctor.stdout
    assert "ok   jira-small: " in doctor.stdout

    collect = small.itgc("collect", secrets=wrong)
    assert collect.returncode == 1
    assert "HTTP 401" in collect.stderr
    assert "replace it" in collect.stderr
    before = ledger(small.build)
    assert set(kinds(small.build, "okta")) == {"started", "failed"}
    assert set(kinds(small.build, "jira")) == {"started", "committed"}

    again = small.itgc("collect")
    assert again.returncode == 0, again.stderr
    after = ledger(small.build)
    assert kept(before, after)
    assert len(after) > len(before)
    assert kinds(small.build, "okta")["committed"] == kinds(small.build, "okta")["failed"]
    assert kinds(small.build, "jira") == dict.fromkeys(("started", "committed"), 3)
    assert leaks(small) == []


def test_missing_secret(small: Small) -> None:
    small.write([small.source("okta")])
    for command in ("doctor", "collect"):
        done = small.itgc(command, secrets={"okta": ""})
        assert done.returncode == 1
        assert "SOURCES__OKTA_SMALL__TOKEN" in done.stdout + done.stderr
        assert ".dlt/secrets.toml" in done.stdout + done.stderr


def test_unreachable_host(small: Small) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    small.write([small.source("okta", base_url=f"http://127.0.0.1:{port}"), small.source("jira")])
    for command in ("doctor", "collect"):
        done = small.itgc(command)
        assert done.returncode == 1
        assert "okta-small" in done.stdout + done.stderr
        assert "Check the base URL" in done.stdout + done.stderr
    assert set(kinds(small.build, "okta")) == {"started", "failed"}
    assert set(kinds(small.build, "jira")) == {"started", "committed"}
    before = ledger(small.build)
    small.write([small.source("okta"), small.source("jira")])
    assert small.itgc("collect").returncode == 0
    assert kept(before, ledger(small.build))
    assert leaks(small) == []


@pytest.mark.slow
def test_a_source_without_permission_makes_the_package_incomplete(small: Small) -> None:
    """Every source has a distinctive secret, one of them in a file; they stand nowhere."""
    (small.folder / ".dlt").mkdir()
    (small.folder / ".dlt" / "secrets.toml").write_text(
        f'[sources.jira-small]\ntoken = "{small.server.tokens["jira"]}"\n', encoding="utf-8"
    )
    small.write([small.source(vendor) for vendor in VENDORS])
    less = {"okta": small.server.unprivileged["okta"], "jira": ""}

    doctor = small.itgc("doctor", secrets=less)
    assert doctor.returncode == 1
    assert "The token's owner needs: Read-only Administrator" in doctor.stdout
    assert "ok   jira-small: " in doctor.stdout

    package = small.itgc("package", secrets=less)
    assert package.returncode == 3
    assert "HTTP 403" in package.stderr
    before = ledger(small.build)
    assert "denied" in {json.loads(entry).get("permission", {}).get("result") for entry in before.values()}
    face = (package_of(package.stdout) / "index.html").read_text(encoding="utf-8")
    assert "INCOMPLETE" in face
    assert "okta-small" in face
    assert "INCOMPLETE" in package.stdout

    right = small.itgc("collect", secrets={"jira": ""})
    assert right.returncode == 0, right.stderr
    assert kept(before, ledger(small.build))
    assert kinds(small.build, "okta")["committed"] == 9
    assert leaks(small) == []


BROKEN = {
    "zone": ({"zone": "America/Nowhere"}, "engagement.yml:", "IANA"),
    "period backwards": (
        {"report": {"type": "II", "period": {"start": "2025-12-31", "end": "2025-10-01"}, "evidence_cutoff": "2026-01-31"}},
        "report.period",
        "before it starts",
    ),
    "no period": ({"report": {"type": "II", "evidence_cutoff": "2026-01-31"}}, "report", "period: {start, end}"),
    "no such day": (
        {"report": {"type": "II", "period": {"start": "2025-10-01", "end": "2025-02-30"}, "evidence_cutoff": "2026-01-31"}},
        "report.period.end",
        "date",
    ),
    "unknown key": ({"perriod": {}}, "perriod", "unknown key"),
    "unknown source": ({"sources": [{"source": "oktaa", "instance": "x"}]}, "sources.0.source", "expected one of"),
    "impossible day": (
        {"report": {"type": "II", "period": {"start": "2025-10-01", "end": date(2025, 12, 31)}, "evidence_cutoff": "2026-01-31"}},
        "engagement.yml:",
        "2025-13-31 is not a date",
    ),
    "unknown calendar": ({"business_calendar": "Mars"}, "business_calendar", "expected one of GB-England, US-Federal"),
    "no source": ({"sources": []}, "sources", "at least 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_engagement(small: Small, case: str) -> None:
    others, key, expected = BROKEN[case]
    small.write(**{"sources": [small.source("okta")], **others})
    if case == "impossible day":
        path = small.folder / "engagement.yml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("end: 2025-12-31", "end: 2025-13-31"), encoding="utf-8"
        )
    for command in ("doctor", "collect", "package") if case == "zone" else ("package",):
        done = small.itgc(command)
        assert done.returncode == 1
        assert key in done.stderr
        assert expected in done.stderr
    assert not small.build.exists()


def test_no_engagement_and_unknown_scenario(small: Small) -> None:
    missing = small.itgc("package")
    assert (missing.returncode, "itgc init" in missing.stderr) == (1, True)
    unknown = small.itgc("demo", "--scenario", "sunny")
    assert unknown.returncode == 1
    assert "--scenario: " in unknown.stderr
    assert "as-shipped" in unknown.stderr
    assert small.itgc("package", "--no-such-option").returncode == 2
    assert not small.build.exists()


def test_registers_beside_the_engagement_and_every_line_set_aside(small: Small) -> None:
    """A relative folder is the engagement file's, wherever the command runs; doctor names each line, collect their number."""
    small.write([{"source": "registers", "instance": "registers", "folder": "decided"}])
    folder = small.folder / "decided"
    folder.mkdir()
    header = "control_id,owner_worker_id,owner,owner_email,backup_email,valid_from,valid_to\n"
    lines = "CM-01,,Ada,,,2025-02-01,2025-01-01\nCM-02,,Ada,,,soon,\nLA-01,,Ada,,,2025-01-01,\n"
    (folder / "control_owners.csv").write_text(header + lines, encoding="utf-8")
    (folder / "disposition.csv").write_text("x\n", encoding="utf-8")
    doctor = small.itgc("doctor")
    assert doctor.returncode == 1
    assert "line 2: valid_to lies before valid_from" in doctor.stdout
    assert "line 3: valid_from must be a date" in doctor.stdout
    assert "disposition.csv: is read by nobody" in doctor.stdout
    assert "CM-01 has its sources: not configured: HR source (bamboohr or hris_csv), git, github, okta" in doctor.stdout
    collect = small.itgc("collect")
    assert collect.returncode == 0, collect.stderr
    assert "set aside: 2 rows" in collect.stdout


def test_keys_are_never_replaced(small: Small) -> None:
    small.write([small.source("okta")])
    assert small.itgc("keygen", str(small.folder / "keys")).returncode == 0
    again = small.itgc("keygen", str(small.folder / "keys"))
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_two_at_a_time(small: Small) -> None:
    """A second collection of the same folder is refused while the first runs."""
    import fcntl

    small.write([small.source("okta")])
    (small.build / "collector").mkdir(parents=True)
    with (small.build / "collector" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = small.itgc("collect")
    assert done.returncode == 1
    assert "Another collection is running" in done.stderr
    assert ledger(small.build) == {}
