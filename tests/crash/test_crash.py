"""Kill -9 at random moments of collect, build and package; run again; the evidence is that of an undisturbed run."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.ledger import Ledger, verify_chain
from ingestion.vault import Vault
from tests.conftest import PROJECT, Run, itgc, small_engagement

# What must be the same. The ledger's rows, the data checks' counts of it and the manifests differ: they tell of the aborted attempt.
SAME = (
    "evidence",
    "samples",
    "populations.csv",
    "exception_register.csv",
    "sampling_plan.csv",
    "test_results.csv",
    "reconciliations.csv",
    "coverage.csv",
    "rules.csv",
    "control_owners.csv",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kills = int(metafunc.config.getoption("--kills"))
    metafunc.parametrize("moment", [round(random.Random(20260930 + n).random(), 4) for n in range(kills)])


def contents(package: Path) -> dict[str, bytes]:
    files = [
        path
        for name in SAME
        for path in ([package / name] if (package / name).is_file() else sorted((package / name).rglob("*")))
    ]
    return {str(path.relative_to(package)): path.read_bytes() for path in files if path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """The evidence of an undisturbed run with the company already generated, and how long it takes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(run.build / "demo", folder / "build" / "demo")
    start = time.monotonic()
    done = itgc("package", engagement=small_engagement(folder), build=folder / "build")
    assert done.returncode == 0, done.stderr
    return contents(Path(done.stdout.strip().splitlines()[-1].removeprefix("package: "))), time.monotonic() - start


@pytest.mark.slow
def test_killed_and_run_again(
    run: Run, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path, moment: float
) -> None:
    expected, duration = undisturbed
    engagement, build = small_engagement(tmp_path), tmp_path / "build"
    shutil.copytree(run.build / "demo", build / "demo")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(build),
        "ITGC_PROJECT": str(PROJECT),
        "ITGC_ENGAGEMENT": str(engagement),
        "ITGC_BUILD": str(build),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "package"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(moment * duration)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    vault = Vault(str(build / "vault"))
    aborted = [entry.collection_id for entry in Ledger(vault).aborted()]

    again = itgc("package", engagement=engagement, build=build)
    assert again.returncode == 0, again.stderr
    found = contents(Path(again.stdout.strip().splitlines()[-1].removeprefix("package: ")))
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    assert not verify_chain(vault)
    assert [entry.collection_id for entry in Ledger(vault).aborted()][: len(aborted)] == aborted
