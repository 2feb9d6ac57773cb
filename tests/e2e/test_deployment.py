"""docs/deployment.md: Dagster's records in PostgreSQL, runs started by a code server, settings that launchers accept."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT, Run
from tests.e2e.kit import copy_build

pytestmark = pytest.mark.slow
WAIT = 300


def blocks() -> dict[str, dict[str, Any]]:
    """The YAML of the page by the comment on its first line."""
    text = (PROJECT / "docs" / "deployment.md").read_text(encoding="utf-8")
    return {
        found[1]: yaml.safe_load(found[2]) for found in re.finditer(r"```yaml\n# ([^\n]+)\n(.*?)```", text, re.DOTALL)
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """A PostgreSQL of Debian's packages on loopback, and the environment that dagster.yaml reads."""
    pytest.importorskip("dagster_postgres", reason="dagster-postgres is not installed here: make extras")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    programs, port = found[-1].parent, free_port()
    as_owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="itgc-pg-"))
    if as_owner:
        shutil.chown(folder, "postgres")

    def do(*command: str) -> None:
        subprocess.run([*as_owner, *command], check=True, capture_output=True, cwd=folder)

    do(str(programs / "initdb"), "-D", str(folder / "data"), "-U", "dagster", "-A", "trust", "-E", "UTF8")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    do(str(programs / "pg_ctl"), "-D", str(folder / "data"), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield {
            "DAGSTER_PG_HOST": "127.0.0.1",
            "DAGSTER_PG_PORT": str(port),
            "DAGSTER_PG_USER": "dagster",
            "DAGSTER_PG_PASSWORD": "unused",
            "DAGSTER_PG_DB": "postgres",
        }
    finally:
        do(str(programs / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def python(code: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=WAIT
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


STATUS = """
import dagster as dg
with dg.DagsterInstance.get() as instance:
    print(type(instance.run_storage).__name__)
    for record in instance.get_run_records(ascending=True):
        print(record.dagster_run.job_name, record.dagster_run.status.value)
"""


def test_runs_of_a_code_server_recorded_in_postgresql(run: Run, tmp_path: Path) -> None:
    page = blocks()
    with postgresql() as database:
        home = tmp_path / "home"
        home.mkdir()
        settings = page["dagster.yaml"]
        settings["storage"]["postgres"]["postgres_db"]["port"] = int(database["DAGSTER_PG_PORT"])
        (home / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        port = free_port()
        workspace = page["workspace.yaml"]
        workspace["load_from"][0]["grpc_server"] |= {"host": "127.0.0.1", "port": port}
        (tmp_path / "workspace.yaml").write_text(yaml.safe_dump(workspace), encoding="utf-8")
        build = copy_build(run, tmp_path, "vault")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "DAGSTER_HOME": str(home),
            "ITGC_PROJECT": str(PROJECT),
            "ITGC_ENGAGEMENT": str(run.engagement),
            "ITGC_BUILD": str(build),
            **database,
        }
        names = str(tmp_path / "workspace.yaml")
        code = ["dagster", "api", "grpc", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(port)]
        with serving(code, environment, tmp_path / "code.log") as server:
            wait_for(port, server, tmp_path / "code.log")
            with serving(["dagster-daemon", "run", "-w", names], environment, tmp_path / "daemon.log"):
                for job in ("build", "package"):
                    launch(job, names, environment)
                    until_done(job, environment)
        assert not (build / "dagster").exists(), "an installation's own settings stand"
        (package,) = (path for path in (build / "packages").iterdir() if path.is_dir())
        assert (package / "MANIFEST.json").read_bytes() == (run.package / "MANIFEST.json").read_bytes()


@contextmanager
def serving(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as file:
        program = [sys.executable, str(Path(sys.executable).with_name(command[0])), *command[1:]]
        process = subprocess.Popen(program, env=environment, cwd=PROJECT, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(90)


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(WAIT):
        assert server.poll() is None, log.read_text(encoding="utf-8")[-3000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(1)
    raise AssertionError("the code server did not begin to listen")


def launch(job: str, workspace: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "job", "launch", "-w", workspace, "-j", job],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=WAIT,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def until_done(job: str, environment: dict[str, str]) -> None:
    for _ in range(WAIT // 3):
        storage, *runs = python(STATUS, environment).splitlines()
        assert storage == "PostgresRunStorage"
        status = dict(line.split() for line in runs)[job]
        if status not in {"NOT_STARTED", "QUEUED", "STARTING", "STARTED"}:
            assert status == "SUCCESS"
            return
        time.sleep(3)
    raise AssertionError(f"{job} did not end")


LAUNCHER = """
import dagster as dg
with dg.DagsterInstance.from_config("{home}") as instance:
    print(type(instance.run_launcher).__name__)
"""


@pytest.mark.parametrize(("name", "module"), [("DockerRunLauncher", "docker"), ("K8sRunLauncher", "k8s")])
def test_launchers_accept_their_settings(name: str, module: str, tmp_path: Path) -> None:
    pytest.importorskip(f"dagster_{module}", reason=f"dagster-{module} is not installed here: make extras")
    settings = {key: value for key, value in blocks()["dagster.yaml"].items() if key != "storage"}
    (chosen,) = (block for block in blocks().values() if block.get("run_launcher", {}).get("class") == name)
    if module == "k8s":  # outside a cluster
        kubeconfig = tmp_path / "kubeconfig"
        cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        user = {"name": "u", "user": {"token": "t"}}
        facts = {"clusters": [cluster], "contexts": [context], "users": [user], "current-context": "x"}
        kubeconfig.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config"} | facts), encoding="utf-8")
        chosen["run_launcher"]["config"] |= {"load_incluster_config": False, "kubeconfig_file": str(kubeconfig)}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings | chosen), encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DAGSTER_PG_PASSWORD": "x"}
    assert python(LAUNCHER.format(home=tmp_path), environment).strip() == name
    unknown = yaml.safe_load((tmp_path / "dagster.yaml").read_text(encoding="utf-8"))
    unknown["run_launcher"]["config"]["no_such_setting"] = 1
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(unknown), encoding="utf-8")
    with pytest.raises(AssertionError, match="no_such_setting"):
        python(LAUNCHER.format(home=tmp_path), environment)
