"""Run it again: nothing is collected anew, the package is the same byte for byte, and it verifies."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Run, itgc
from tests.e2e.kit import copy_build, ledger, manifest, package_of


@pytest.mark.slow
def test_again_and_without_the_warehouse(run: Run, tmp_path: Path) -> None:
    """In a copy of the build folder: elsewhere, again; then with warehouse and package deleted."""
    build = copy_build(run, tmp_path, "vault", "packages", "warehouse.duckdb", "data_checks.json", "dbt")
    expected, entries = (run.package / "MANIFEST.json").read_bytes(), ledger(run.build)

    again = itgc("package", engagement=run.engagement, build=build)
    assert again.returncode == 0, again.stderr
    package = package_of(again.stdout)
    assert package.parent == build / "packages"
    assert package.name == run.package.name
    assert (package / "MANIFEST.json").read_bytes() == expected
    assert sorted(path.name for path in package.parent.iterdir()) == [package.name, f"{package.name}.zip"]

    (build / "warehouse.duckdb").unlink()
    shutil.rmtree(build / "packages")
    anew = itgc("package", engagement=run.engagement, build=build)
    assert anew.returncode == 0, anew.stderr
    assert package_of(anew.stdout) == package
    assert (package / "MANIFEST.json").read_bytes() == expected
    assert (build / "packages" / f"{package.name}.zip").read_bytes() == run.package.with_name(
        f"{package.name}.zip"
    ).read_bytes()
    assert ledger(build) == entries == ledger(run.build)
    assert not (build / "demo").exists(), "nothing was collected, so the company need not have been there"


def test_the_last_line_is_the_package(run: Run) -> None:
    assert run.stdout.strip().splitlines()[-1] == f"package: {run.package}"
    assert run.package.is_dir()
    assert len(run.stdout.splitlines()) < 40


def test_it_verifies_by_the_command_and_by_itself(run: Run, tmp_path: Path) -> None:
    assert itgc("verify", str(run.package), engagement=run.engagement, build=tmp_path).returncode == 0
    alone = tmp_path / "handed over"
    shutil.copytree(run.package, alone)
    own = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py"], cwd=alone, env={}, capture_output=True, text=True, timeout=120
    )
    assert own.returncode == 0, own.stdout + own.stderr
    with (alone / "control_matrix.csv").open("ab") as file:
        file.write(b" ")
    broken = subprocess.run([sys.executable, "-I", "-S", "verify.py"], cwd=alone, env={}, capture_output=True)
    assert broken.returncode == 1


def test_the_zip_holds_the_same_bytes(run: Run) -> None:
    files = {
        path.relative_to(run.package.parent).as_posix(): path.read_bytes()
        for path in run.package.rglob("*")
        if path.is_file()
    }
    with zipfile.ZipFile(run.package.with_name(f"{run.package.name}.zip")) as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    assert held == files or {f"{run.package.name}/{name}": data for name, data in held.items()} == files
    assert len(manifest(run.package)["files"]) == len(files) - 2
