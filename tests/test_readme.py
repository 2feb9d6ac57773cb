"""What the README claims: the table it prints is what the shipped engagement gives, every command it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from orchestration.cli import app
from tests.conftest import itgc

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_every_command_exists() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    named = set(re.findall(r"`itgc ([a-z]+)", README))
    assert named - set(commands) == set()
    assert {"collect", "build", "package", "sample", "verify", "doctor", "ui"} <= named


def test_every_path_exists() -> None:
    made = {"build/warehouse.duckdb", "samples/", "ipe/", ".dlt/secrets.toml"}
    paths = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", README)) - made
    assert paths
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def test_make_targets_exist() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_controls_are_those_of_the_catalogue() -> None:
    from orchestration.catalogue import controls

    printed = dict(re.findall(r"^([A-Z]{2}-\d\d) .*\d  (\S.*\?)$", README, re.MULTILINE))
    assert printed == {control.control_id: control.question for control in controls(PROJECT)}


@pytest.mark.slow
def test_make_package_prints_what_the_readme_shows(tmp_path: Path) -> None:
    shown = re.search(r"^control .*?(?=^package: )", README, re.MULTILINE | re.DOTALL)
    assert shown
    done = itgc("package", engagement=PROJECT / "engagement.yml", build=tmp_path / "build")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith(shown[0] + "package: ")
