"""The demo company at scale 0.1, taken once through the whole pipeline for every test that needs a real package."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Run:
    """A finished run of `itgc package`."""

    build: Path
    engagement: Path
    stdout: str

    @property
    def package(self) -> Path:
        last = self.stdout.strip().splitlines()[-1]
        assert last.startswith("package: ")
        return Path(last.removeprefix("package: "))

    @property
    def warehouse(self) -> Path:
        return self.build / "warehouse.duckdb"

    @property
    def answer_key(self) -> Path:
        return self.build / "demo" / "answer_key.csv"


def itgc(*arguments: str, engagement: Path, build: Path, timeout: int = 600) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would, with nothing inherited but the path."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(build),
        "ITGC_PROJECT": str(PROJECT),
        "ITGC_ENGAGEMENT": str(engagement),
        "ITGC_BUILD": str(build),
    }
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def small_engagement(folder: Path, scenario: str = "as-shipped") -> Path:
    """The shipped engagement at scale 0.1."""
    text = (PROJECT / "engagement.yml").read_text(encoding="utf-8")
    assert "scale: 1.0" in text
    path = folder / "engagement.yml"
    path.write_text(text.replace("scale: 1.0", f"scale: 0.1\n  scenario: {scenario}"), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Run:
    """Made by the first worker that needs it; the others wait, and read what it printed."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "demo-company"
    folder.mkdir(exist_ok=True)
    printed = folder / "stdout.txt"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        engagement = folder / "engagement.yml"
        if not printed.exists():
            assert not engagement.exists(), (
                "the demo company could not be packaged; the first test that needed it says why"
            )
            done = itgc("package", engagement=small_engagement(folder), build=folder / "build")
            assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-1000:]
            printed.write_text(done.stdout, encoding="utf-8")
    return Run(folder / "build", engagement, printed.read_text(encoding="utf-8"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", default="3", help="how many random moments tests/crash kills the pipeline at")
