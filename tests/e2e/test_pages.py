"""The pages as a reader sees them: the package's two pages rendered offline, and Dagster with everything explained."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources import RAW_TABLES
from tests.conftest import PROJECT, Run
from tests.e2e.kit import copy_build, manifest, table

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--hide-scrollbars",
]


def chromium(profile: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


class Loads(HTMLParser):
    """Collects what a page would load: everything but links that a reader may follow."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (name in {"src", "srcset", "data", "poster", "action", "background"}) or (
                name in {"href", "xlink:href"} and tag != "a"
            ):
                self.found.append(f"<{tag} {name}={value}>")


@pytest.mark.parametrize("page", ["index.html", "data_checks.html"])
def test_page_of_the_package(run: Run, tmp_path: Path, page: str) -> None:
    source = (run.package / page).read_text(encoding="utf-8")
    parser = Loads()
    parser.feed(source)
    assert [load for load in parser.found if not re.search(r'="?(#|data:)', load)] == []
    assert not re.search(r"@import|url\(\s*['\"]?(?!data:|#)|fetch\(|XMLHttpRequest|WebSocket", source)

    shown = chromium(tmp_path / "profile", "--dump-dom", (run.package / page).as_uri())
    assert "CONSOLE" not in shown.stderr, shown.stderr
    text = re.sub(r"<[^>]+>", " ", shown.stdout)
    for population in manifest(run.package)["populations"]:
        assert population["control_id"] in text
    if page == "index.html":
        assert "Harbor Payroll, Inc." in text
        for row in table(run.package, "test_results.csv"):
            assert re.search(rf"\b{int(row['items']):,}\b", text) or row["items"] in text, row["control_id"]
        for row in table(run.package, "control_matrix.csv"):
            assert row["question"] in text
        assert "verify.py" in text
    else:
        expectations = {row["expectation"] for row in table(run.package, "data_checks.csv")}
        assert len(expectations) > 10
        flat = " ".join(text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").split())
        assert [words for words in expectations if " ".join(words.split()) not in flat] == []


@pytest.fixture(scope="module")
def dagster(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`itgc ui` on a free port over a copy of the finished run; its address."""
    folder = tmp_path_factory.mktemp("ui")
    build = copy_build(run, folder, "dagster", "dbt", "data_checks.json", "last_package.json")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "ITGC_PROJECT": str(PROJECT)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "orchestration.cli",
                "ui",
                "-e",
                str(run.engagement),
                "--build",
                str(build),
                "--port",
                str(port),
            ],
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, process, folder / "log")
            yield address
        finally:
            _stop(process)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the port is free again"


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(180):
        try:
            with urllib.request.urlopen(f"{address}/server_info", timeout=5):
                return
        except OSError:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.5)
    pytest.fail(log.read_text(encoding="utf-8"))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C in a terminal; the whole group must go."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=40)
        for _ in range(40):
            os.killpg(process.pid, 0)
            time.sleep(0.5)
    except ProcessLookupError:
        return
    except subprocess.TimeoutExpired:
        pass
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    pytest.fail("`itgc ui` did not stop on Ctrl-C")


def ask(address: str, query: str) -> Any:
    request = urllib.request.Request(
        f"{address}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.load(answer)
    assert "errors" not in found, found
    return found["data"]


NODES = """{ assetNodes { assetKey { path } description groupName isMaterializable
  owners { ... on TeamAssetOwner { team } ... on UserAssetOwner { email } }
  assetChecksOrError { ... on AssetChecks { checks { name description } } }
  assetMaterializations(limit: 1) { runId } } }"""


def test_dagster_knows_every_table_mart_check_and_the_package(dagster: str, run: Run) -> None:
    nodes = {"/".join(node["assetKey"]["path"]): node for node in ask(dagster, NODES)["assetNodes"]}
    raw = {f"raw_{source}/{table}" for source, tables in RAW_TABLES.items() if source != "itgc" for table in tables}
    marts = {f"marts/{population['population_id']}" for population in manifest(run.package)["populations"]}
    wanted = raw | marts | {"data_checks", "evidence_package"}
    assert wanted <= set(nodes)
    assert [
        key for key, node in nodes.items() if not (node["description"] and node["groupName"] and node["owners"])
    ] == []
    assert [key for key in sorted(wanted) if not nodes[key]["assetMaterializations"]] == []
    for mart in marts:
        checks = {check["name"]: check["description"] for check in nodes[mart]["assetChecksOrError"]["checks"]}
        assert checks.get("reconciled"), mart
    package = {check["name"] for check in nodes["evidence_package"]["assetChecksOrError"]["checks"]}
    assert package == {"package_verifies", "package_complete"}


def test_dagster_shows_the_lineage(dagster: str, tmp_path: Path) -> None:
    picture = tmp_path / "lineage.png"
    chromium(
        tmp_path / "profile",
        "--window-size=1800,1200",
        "--virtual-time-budget=30000",
        f"--screenshot={picture}",
        f"{dagster}/asset-groups",
    )
    assert picture.stat().st_size > 20_000, "an empty page is smaller"
