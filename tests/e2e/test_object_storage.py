"""A vault on object storage is the same evidence: collected there, read there, the same package byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.ledger import Ledger, verify_chain, verify_files
from ingestion.vault import Vault
from tests.conftest import PROJECT, Run
from tests.e2e.kit import package_of
from tests.object_store import BUCKET, object_store

pytestmark = pytest.mark.slow


def itgc(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    place = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ITGC_PROJECT": str(PROJECT),
        "ITGC_ENGAGEMENT": str(folder / "engagement.yml"),
        "ITGC_BUILD": str(folder / "build"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        cwd=PROJECT,
        env=place | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stdout + done.stderr
    return done


def at(run: Run, folder: Path, address: str) -> Path:
    """The engagement of the prepared run with its vault elsewhere."""
    text = run.engagement.read_text(encoding="utf-8")
    path = folder / "engagement.yml"
    path.write_text(f"vault: {address}\n{text}", encoding="utf-8")
    return path


def test_the_same_package_from_object_storage(run: Run, tmp_path: Path) -> None:
    with object_store() as environment:
        vault = Vault(f"{BUCKET}/harbor")
        local = run.build / "vault"
        for path in sorted(local.rglob("*")):
            if path.is_file():
                vault.create(path.relative_to(local).as_posix(), path.read_bytes())
        held = vault.list("")
        at(run, tmp_path, vault.url)
        done = itgc(tmp_path, environment, "package")
        assert done.returncode == 0, done.stderr
        package = package_of(done.stdout)
        assert (package / "MANIFEST.json").read_bytes() == (run.package / "MANIFEST.json").read_bytes()
        assert vault.list("") == held, "nothing was collected again"
        assert not (tmp_path / "build" / "vault").exists()


def test_collected_on_object_storage(run: Run, tmp_path: Path) -> None:
    with object_store() as environment:
        at(run, tmp_path, f"{BUCKET}/harbor")
        text = (tmp_path / "engagement.yml").read_text(encoding="utf-8")
        sources, _, simulation = text.partition("simulation:")
        before, _, _ = sources.partition("sources:")
        registers = '  - source: registers\n    instance: registers\n    folder: "{demo_files}/registers"\n'
        (tmp_path / "engagement.yml").write_text(f"{before}sources:\n{registers}simulation:{simulation}")
        done = itgc(tmp_path, environment, "collect")
        assert done.returncode == 0, done.stderr
        vault = Vault(f"{BUCKET}/harbor")
        ledger = Ledger(vault)
        assert ledger.committed
        assert not verify_chain(vault)
        assert not verify_files(vault, ledger)
        examined = itgc(tmp_path, environment, "doctor", "--verbose")
        assert f"ok   vault: its ledger is whole: {len(ledger.entries)} entries" in examined.stdout


@pytest.mark.parametrize(
    ("address", "environment", "words"),
    [
        ("s3://elsewhere/x", {}, "The vault at s3://elsewhere/x cannot be used"),
        ("ftp://host/x", {}, "expected an address that begins with s3://"),
        ("s3://evidence/x", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be used"),
    ],
)
def test_a_vault_that_cannot_be_used(
    run: Run, tmp_path: Path, address: str, environment: dict[str, str], words: str
) -> None:
    with object_store() as working:
        at(run, tmp_path, address)
        done = itgc(tmp_path, working | environment, "collect")
        assert done.returncode == 1
        assert words in done.stderr
        assert len(done.stderr.splitlines()) < 25
        examined = itgc(tmp_path, working | environment, "doctor")
        assert examined.returncode == 1
        assert "FAIL vault: can be read" in examined.stdout or words in examined.stderr
