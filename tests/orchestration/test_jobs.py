"""Running a job from the command line after another run was killed in the middle of the writer's step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = """
import sys, types
from pathlib import Path
import dagster as dg

marker = Path(sys.argv[1])

@dg.op(pool="duckdb_writer")
def write():
    if not marker.exists():
        marker.write_text("")
        import time
        time.sleep(600)

@dg.job
def build():
    write()

module = types.ModuleType("orchestration.definitions")
module.defs = dg.Definitions(jobs=[build])
sys.modules["orchestration.definitions"] = module

from orchestration.jobs import run
from orchestration.workspace import Workspace

project, build_folder = Path(sys.argv[2]), Path(sys.argv[3])
print(run(Workspace(project, project / "engagement.yml", build_folder), "build").success)
with dg.DagsterInstance.get() as instance:
    print(sorted(found.status.value for found in instance.get_runs()))
"""


def test_a_killed_run_gives_up_the_writers_place(tmp_path: Path) -> None:
    project = Path(__file__).parents[2]
    arguments = [sys.executable, "-c", SCRIPT, str(tmp_path / "marker"), str(project), str(tmp_path / "build")]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    first = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        if (tmp_path / "marker").exists():
            break
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    again = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=120)
    assert again.stdout.splitlines() == ["True", "['FAILURE', 'SUCCESS']"], again.stderr[-2000:]
