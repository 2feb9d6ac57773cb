"""The sides that are measured, each run as `python -m bench.sides <name> <arguments as JSON>`.

A side prepares nothing that it is not said to measure: its clock runs around the measured part alone. What it prints is
one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.measure import PROJECT, Clock, peak_mb

if TYPE_CHECKING:
    from ingestion.contract import Collection
    from orchestration.workspace import Workspace

Facts = dict[str, Any]
_WHEN = datetime(2026, 11, 1, tzinfo=UTC)
PAGE = 10_000  # records of a page that comes as Arrow
DICT_PAGE = 1_000  # and of one that comes as dictionaries
FLAT = {
    "id": "bigint",
    "job": "varchar",
    "host": "varchar",
    "started_at": "timestamptz",
    "ended_at": "timestamptz",
    "status": "varchar",
    "return_code": "bigint",
    "note": "varchar",
}
"""Columns of a flat record."""


# --- command line --------------------------------------------------------------------------------------------------


def python_pass(clock: Clock) -> Facts:
    """An interpreter that does nothing."""
    with clock.running():
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    return {}


def cli_help(clock: Clock) -> Facts:
    """`itgc --help`."""
    with clock.running():
        subprocess.run([sys.executable, "-m", "orchestration.cli", "--help"], check=True, capture_output=True)
    return {}


# --- collection ----------------------------------------------------------------------------------------------------


def flat_records(clock: Clock, rows: int, folder: str) -> Facts:
    """Write flat records: as JSON lines, and as pages of the raw shape in Parquet."""
    import duckdb

    Path(folder).mkdir(parents=True, exist_ok=True)
    with clock.running(), duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            "create table flat as select range as id, 'job-' || range % 400 as job, 'host-' || range % 17 as host, "
            "timestamptz '2025-10-01 00:00:00Z' + to_seconds(range * 3) as started_at, "
            "timestamptz '2025-10-01 00:00:00Z' + to_seconds(range * 3 + range % 900) as ended_at, "
            "case when range % 97 = 0 then 'FAILED' else 'SUCCEEDED' end as status, "
            "case when range % 97 = 0 then 1 else 0 end as return_code, "
            "case when range % 11 = 0 then 'started by hand, ' || range end as note from range($1)",
            [rows],
        )
        connection.execute(f"copy flat to '{folder}/flat.ndjson' (format json)")
        connection.execute(
            f"copy (select cast(id as varchar) as record_key, ended_at as source_updated_at, 'c' as collection_id, "
            f"sha256(to_json(flat)) as payload_sha256, cast(to_json(flat) as varchar) as payload from flat) "
            f"to '{folder}/flat.parquet' (row_group_size 122880)"
        )
    return {}


def engine_copy(clock: Clock, folder: str) -> Facts:
    """The engine's own copy: JSON lines to typed Parquet."""
    import duckdb

    columns = ", ".join(f"{name}: '{kind}'" for name, kind in FLAT.items())
    with duckdb.connect() as connection, clock.running():
        connection.execute(
            f"copy (select * from read_json('{folder}/flat.ndjson', format='newline_delimited', "
            f"columns={{{columns}}})) to '{folder}/copy.parquet'"
        )
    return {}


def _land(clock: Clock, folder: str, rows: int, pages: Callable[[Collection], Iterator[Any]]) -> Facts:
    import shutil

    import dlt

    from ingestion.contract import Collection, Resource, Window
    from ingestion.landing import Attempt, Landing
    from ingestion.vault import Vault

    target = Path(folder) / "landed"
    shutil.rmtree(target, ignore_errors=True)
    attempt = Attempt(
        Resource("flat", ("flat",), "snapshot"), Collection("c", "bench", "flat", Window(None, _WHEN), _WHEN)
    )

    @dlt.source(name="bench", max_table_nesting=0)
    def bench() -> Any:
        return dlt.resource(lambda: pages(attempt.collection), name="flat")

    with clock.running():
        landing = Landing(Vault(target / "vault"), "bench", "bench", target / "work")
        landing.extract(lambda _: bench(), [attempt])
        landing.load()
        landing.clean()
    written = sum(file["rows"] for file in attempt.files.get("flat", []))
    if attempt.error or written != rows:
        raise RuntimeError(attempt.error or f"{written} of {rows} rows")
    return {"rows": rows, "files": len(attempt.files["flat"])}


def land_arrow(clock: Clock, folder: str, rows: int) -> Facts:
    """Pages that are Arrow already, landed by the project's own code through dlt."""

    def pages(collection: Collection) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from ingestion.contract import TableCount, raw_schema

        collection.counts["flat"] = TableCount(rows=rows)
        batches = pq.ParquetFile(f"{folder}/flat.parquet").iter_batches(PAGE)
        yield from clock.apart(pa.Table.from_batches([batch]).cast(raw_schema()) for batch in batches)

    return _land(clock, folder, rows, pages)


def _dict_pages(folder: str) -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    with Path(f"{folder}/flat.ndjson").open(encoding="utf-8") as file:
        for line in file:
            page.append(json.loads(line))
            if len(page) == DICT_PAGE:
                yield page
                page = []
    if page:
        yield page


def land_dicts(clock: Clock, folder: str, rows: int) -> Facts:
    """Pages of dictionaries, made raw records and landed by the project's own code."""

    def pages(collection: Collection) -> Iterator[Any]:
        for page in clock.apart(_dict_pages(folder)):
            yield collection.page("flat", ((str(record["id"]), None, record) for record in page))

    return _land(clock, folder, rows, pages)


def dlt_dicts(clock: Clock, folder: str, rows: int) -> Facts:
    """The same pages of dictionaries by dlt as it comes."""
    import shutil

    os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"})
    import dlt
    from dlt.destinations import filesystem

    target = Path(folder) / "dlt"
    shutil.rmtree(target, ignore_errors=True)
    with clock.running():
        pipeline = dlt.pipeline(
            "bench_default", pipelines_dir=str(target), destination=filesystem(bucket_url=(target / "out").as_uri())
        )
        pipeline.run(
            dlt.resource(clock.apart(_dict_pages(folder)), name="flat", max_table_nesting=0),
            loader_file_format="parquet",
        )
    return {"rows": rows}


# --- the pipeline's stages -----------------------------------------------------------------------------------------


def workspace_of(build: str) -> Workspace:
    """The project's workspace with another build folder."""
    from orchestration.workspace import Workspace

    engagement = Path(build) / "engagement.yml"
    return Workspace(PROJECT, engagement if engagement.is_file() else PROJECT / "engagement.yml", Path(build))


def collect_demo(clock: Clock, build: str, ticks: int = 0, day_after: bool = False) -> Facts:
    """Collect the demo over HTTP: all its ticks, one that spans the year (`ticks=1`), or the day after that one."""
    from ingestion.pipeline import collect
    from ingestion.sources import connector
    from orchestration import collection

    workspace = workspace_of(build)
    workspace.prepare()
    engagement = workspace.engagement()
    wanted = collection.ticks(engagement, "okta")  # the demo collects all its sources at the same instants
    if ticks or day_after:
        wanted = [wanted[-3] + timedelta(days=1 if day_after else 0)]
    with collection.reachable(workspace, engagement) as (instances, on_tick), clock.running():
        report = collect(
            workspace.vault,
            list(instances),
            wanted,
            work_dir=workspace.collector,
            collect_from=engagement.collect_from,
            code_version="bench",
            on_tick=on_tick,
        )
    if report.failed:
        raise RuntimeError(str(report.failed[0].error))
    windows = {
        (instance.instance, resource.name)
        for instance in instances
        for resource in connector(instance.source).RESOURCES
        if resource.kind == "window"
    }
    return {
        "rows": sum(outcome.rows for outcome in report.committed),
        "rows_of_windows": sum(
            outcome.rows for outcome in report.committed if (outcome.instance, outcome.resource) in windows
        ),
    }


def multiplied(clock: Clock, base: str, target: str, copies: int) -> Facts:
    """Write the vault with so many copies of the company."""
    from bench.vault import multiply

    with clock.running():
        return {"rows": multiply(Path(base), Path(target), copies)}


def _register(workspace: Workspace) -> None:
    import duckdb

    from orchestration.warehouse import register_raw

    with duckdb.connect(str(workspace.warehouse)) as connection:
        register_raw(connection, workspace.vault)


def dbt_build(clock: Clock, build: str, tests: bool = True, memory_limit: str = "") -> Facts:
    """`dbt build` in process, parsed before, the vault registered before."""
    from orchestration import dbt

    if memory_limit:
        os.environ["ITGC_MEMORY_LIMIT"] = memory_limit
    workspace = workspace_of(build)
    workspace.prepare()
    dbt.parse(workspace)
    workspace.warehouse.unlink(missing_ok=True)
    _register(workspace)
    with clock.running():
        results = dbt.build(workspace, tests=tests)
    broken = [f"{result.unique_id}: {result.message}" for result in results if not result.ok]
    if broken:
        raise RuntimeError("; ".join(broken[:3]))
    models = {result.unique_id: result.seconds for result in results if result.resource_type == "model"}
    return {
        "nodes": len(results),
        "models": len(models),
        "execution_seconds": sum(models.values()),
        "slowest": dict(sorted(models.items(), key=lambda item: -item[1])[:12]),
        "system_log_seconds": models.get("model.itgc.stg_okta__system_log", 0.0),
    }


def dbt_one(clock: Clock, build: str) -> Facts:
    """`dbt build` of a single seed: what starting costs."""
    from orchestration import dbt

    workspace = workspace_of(build)
    workspace.prepare()
    dbt.parse(workspace)
    with clock.running():
        dbt._invoke(workspace, ["build", "--select", "controls"], workspace.engagement().dbt_vars())
    return {}


PROFILED = {
    "events": ("event_manager.py", "fire_event"),
    "contexts": ("providers.py", "generate_runtime_model_context"),
    "compiling templates": ("jinja.py", "get_template"),
    "the engine": ("~", "<built-in method _duckdb.execute>"),
}
"""Part of a build → the function, by its file, whose time with all that it calls is that part."""


def dbt_profile(clock: Clock, build: str) -> Facts:
    """What `dbt build` spends its time on, node by node; a profile slows Python and not the engine."""
    import cProfile
    import pstats

    from dbt.task.runnable import GraphRunnableTask

    from orchestration import dbt

    workspace = workspace_of(build)
    workspace.prepare()
    dbt.parse(workspace)
    profile, task = cProfile.Profile(), cast("Any", GraphRunnableTask)
    run = task.call_runner
    task.call_runner = lambda *given: profile.runcall(run, *given)  # in the thread that runs the node
    with clock.running():
        dbt.build(workspace)
    told: Any = pstats.Stats(profile)
    shares = {
        part: sum(
            facts[3] for (file, _, name), facts in told.stats.items() if name == function and file.endswith(place)
        )
        / told.total_tt
        for part, (place, function) in PROFILED.items()
    }
    return {"shares": {part: round(share, 2) for part, share in shares.items()}}


def raw_build(clock: Clock, build: str, memory_limit: str = "") -> Facts:
    """The compiled SQL of the same models, run by the engine alone in a warehouse beside."""
    import duckdb

    from orchestration.warehouse import register_raw

    workspace = workspace_of(build)
    nodes = json.loads(workspace.manifest.read_bytes())["nodes"]
    folder = workspace.build / "raw"
    folder.mkdir(exist_ok=True)
    warehouse = folder / "warehouse.duckdb"
    warehouse.unlink(missing_ok=True)
    models = list(_in_order({key: node for key, node in nodes.items() if node["resource_type"] == "model"}))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set memory_limit = '{memory_limit or MEMORY_LIMIT}'")
        register_raw(connection, workspace.vault)
        connection.execute("create schema seeds")
        connection.execute(f"attach '{workspace.warehouse}' as built (read_only)")
        seeds = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'built' and schema_name = 'seeds'"
        ).fetchall()
        for (seed,) in seeds:
            connection.execute(f'create table seeds."{seed}" as select * from built.seeds."{seed}"')
        connection.execute("detach built")
        with clock.running():
            for node in models:
                kind = node["config"]["materialized"]
                connection.execute(f'create schema if not exists "{node["schema"]}"')
                connection.execute(f'create {kind} "{node["schema"]}"."{node["name"]}" as {node["compiled_code"]}')
    return {"models": len(models)}


def _in_order(models: Mapping[str, Any]) -> Iterator[Any]:
    """Models, each after those that it reads."""
    from graphlib import TopologicalSorter

    graph = {key: [up for up in node["depends_on"]["nodes"] if up in models] for key, node in models.items()}
    for key in TopologicalSorter(graph).static_order():
        yield models[key]


def data_checks(clock: Clock, build: str) -> Facts:
    """The data checks by Great Expectations, imports counted."""
    workspace = workspace_of(build)
    workspace.prepare()
    with clock.running():
        from expectations.runner import run
        from expectations.suites import suites
        from orchestration.catalogue import controls

        wanted = suites(
            [(one.control_id, one.population_id, one.frame_id) for one in controls(workspace.project)],
            [item.instance for item in workspace.engagement().sources],
        )
        results = run(wanted, workspace.warehouse)
        workspace.checks.write_text(json.dumps([result.as_dict() for result in results]), encoding="utf-8")
    return {"failed": [result.check_id for result in results if result.passed not in {"true", "note"}]}


def package(clock: Clock, build: str) -> Facts:
    """Write the package and its zip."""
    import shutil

    from orchestration.packaging import package as write

    workspace = workspace_of(build)
    workspace.prepare()
    shutil.rmtree(workspace.packages, ignore_errors=True)
    with clock.running():
        outcome = write(workspace, strict=False, key=None)
    size = sum(path.stat().st_size for path in Path(outcome.path).rglob("*") if path.is_file())
    return {"state": outcome.state, "because": list(outcome.because), "lines": list(outcome.lines), "bytes": size}


def verify(clock: Clock, build: str) -> Facts:
    """The package's own verify.py, as the auditor runs it."""
    (path,) = (one for one in workspace_of(build).packages.iterdir() if one.is_dir() and not one.name.startswith("."))
    with clock.running():
        done = subprocess.run([sys.executable, str(path / "verify.py"), str(path)], capture_output=True, check=False)
    if done.returncode not in {0, 3}:
        raise RuntimeError(done.stdout.decode()[-2000:] + done.stderr.decode()[-1000:])
    import resource

    return {"child_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


def export_marts(clock: Clock, build: str) -> Facts:
    """Every table of the marts and the registers as ordered CSV by the engine's own copy."""
    import duckdb

    workspace = workspace_of(build)
    folder = workspace.build / "export"
    folder.mkdir(exist_ok=True)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set memory_limit = '2GB'")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name = 'marts' "
            "or (schema_name = 'reporting' and table_name like 'rpt_%')"
        ).fetchall()
        with clock.running():
            for schema, table in tables:
                connection.execute(
                    f"copy (select * from {schema}.{table} order by 1, 2) to '{folder}/{table}.csv' (header)"
                )
    return {"tables": len(tables)}


def everything(clock: Clock, build: str) -> Facts:
    """`itgc package` from nothing but the generated company to the verified package."""
    import shutil

    for part in ("vault", "packages", "dbt"):
        shutil.rmtree(Path(build) / part, ignore_errors=True)
    (Path(build) / "warehouse.duckdb").unlink(missing_ok=True)
    workspace = workspace_of(build)
    environment = {**os.environ, "ITGC_PROJECT": str(PROJECT), "ITGC_BUILD": build}
    command = [sys.executable, "-m", "orchestration.cli", "package", "-e", str(workspace.engagement_path)]
    with clock.running():
        done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-1000:] + done.stderr[-1000:])
    return {}


def collect_and_build(clock: Clock, build: str) -> Facts:
    """Collection and `dbt build` alone, in one process, from the same start."""
    import shutil

    from orchestration import collection, dbt

    for part in ("vault", "packages", "dbt"):
        shutil.rmtree(Path(build) / part, ignore_errors=True)
    workspace = workspace_of(build)
    workspace.warehouse.unlink(missing_ok=True)
    workspace.prepare()
    with clock.running():
        engagement = workspace.engagement()
        for source in dict.fromkeys(instance.source for instance in engagement.sources):
            collection.collect(workspace, engagement, source)
        dbt.parse(workspace)
        _register(workspace)
        dbt.build(workspace)
    return {}


# --- ten million items ---------------------------------------------------------------------------------------------


def job_runs(clock: Clock, path: str, rows: int) -> Facts:
    """Write the bench's own typed table of job runs; the project has no mart of this size yet."""
    import duckdb

    Path(path).unlink(missing_ok=True)
    with clock.running(), duckdb.connect(path) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.job_runs as select "
            "'scheduler-1:job-' || range % 400 || '/' || lpad(range::varchar, 9, '0') as item_key, "
            "timestamptz '2025-10-01 04:00:00Z' + to_seconds(range * 3) as occurred_at, "
            "cast(timestamp '2025-10-01 00:00:00' + to_seconds(range * 3) as date) as occurred_on, "
            "case when range % 97 = 0 then 'EXCEPTION' else 'PASS' end as status, 'job-' || range % 400 as job, "
            "range % 900 as seconds, range % 97 = 0 as is_failed, "
            "'https://scheduler.example/runs/' || range as evidence_url from range($1)",
            [rows],
        )
    return {}


def _open(path: str) -> Any:
    import duckdb

    connection = duckdb.connect(path, read_only=True)
    for setting in ("TimeZone = 'UTC'", "preserve_insertion_order = false", "memory_limit = '2GB'"):
        connection.execute(f"set {setting}")
    return connection


def export_leaves(clock: Clock, path: str, folder: str) -> Facts:
    """The package's export with leaf digests and the Merkle root."""
    from orchestration.report_package.csv_export import export_query

    with _open(path) as connection, clock.running():
        done = export_query(
            connection, "select * from marts.job_runs", ["item_key"], Path(folder) / "leaves.csv", with_leaves=True
        )
        root = done.tree.root().hex()
    return {"rows": done.rows, "root": root}


def export_plain(clock: Clock, path: str, folder: str) -> Facts:
    """The engine's ordered CSV."""
    with _open(path) as connection, clock.running():
        connection.execute(f"copy (select * from marts.job_runs order by item_key) to '{folder}/plain.csv' (header)")
    return {}


def draw_sample(clock: Clock, path: str) -> Facts:
    """The draw of a sample of 60."""
    from orchestration.report_package.sampling import SIMPLE_RANDOM, Plan, draw

    plan = Plan(SIMPLE_RANDOM, 0.95, 0.05, 0, 60, "bench")
    with _open(path) as connection, clock.running():
        drawn = draw(connection, "marts.job_runs", plan, "31415926535897932384", "CO-01")
    return {"drawn": len(drawn)}


def hash_pass(clock: Clock, path: str) -> Facts:
    """One pass that hashes every line."""
    with _open(path) as connection, clock.running():
        connection.execute(
            "select max(sha256(concat_ws(',', item_key, occurred_at, occurred_on, status, job, seconds, is_failed, "
            "evidence_url))) from marts.job_runs"
        ).fetchone()
    return {}


MEMORY_LIMIT = "1GB"
SIDES: dict[str, Callable[..., Facts]] = {
    side.__name__: side
    for side in (
        python_pass,
        cli_help,
        flat_records,
        engine_copy,
        land_arrow,
        land_dicts,
        dlt_dicts,
        collect_demo,
        multiplied,
        dbt_build,
        dbt_one,
        dbt_profile,
        raw_build,
        data_checks,
        package,
        verify,
        export_marts,
        everything,
        collect_and_build,
        job_runs,
        export_leaves,
        export_plain,
        draw_sample,
        hash_pass,
    )
}


def main() -> None:
    """Run one side and print what it took."""
    name, arguments = sys.argv[1], json.loads(sys.argv[2])
    clock = Clock()
    facts = SIDES[name](clock, **arguments)
    taken = {"seconds": clock.seconds, "cpu_seconds": clock.cpu_seconds, "peak_mb": peak_mb()}
    sys.stdout.write(json.dumps({**facts, **taken}) + "\n")


if __name__ == "__main__":
    main()
