"""The warehouse is a function of the vault's rows, not of how they lie on disk: built again with the rows in another order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.engagement import load
from tests.conftest import PROJECT, Run

pytestmark = pytest.mark.slow

BY_HASH, BY_HASH_REVERSED = "sha256(cast(raw as varchar))", "sha256(cast(raw as varchar)) desc"
KEYS_ARE_UNIQUE = ("raw_registers", "raw_hris_csv", "raw_git")
"""A file with two lines of one key is not read, and git does not change while it is read."""
ONE_TIME_OF_DAY = r"regexp_replace(payload, '(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?', '\1T05:00:00', 'g')"
CHANGED = {
    "default_branch": "other",
    "displayName": "Other",
    "emailAddress": "other@else.example",
    "jobTitle": "Other",
    "login": "other",
    "role_name": "other",
    "status": "SUSPENDED",
}


def with_ties(schema: str, place: str) -> str:
    """A raw table with what only seldom happens made usual.

    All that happens on a day happens at one instant, and every second record changed while its list was read, which
    then holds it twice.
    """
    columns = f"record_key, source_updated_at, collection_id, {ONE_TIME_OF_DAY} as payload"
    rows = f"select {columns} from {place}"
    if schema not in KEYS_ARE_UNIQUE:
        changed = f"cast(json_merge_patch(payload, '{json.dumps(CHANGED)}') as varchar) as payload"
        rows += f" union select * replace ({changed}) from ({rows}) where hash(record_key, collection_id) % 2 = 0"
    return (
        f"select record_key, source_updated_at, collection_id, sha256(payload) as payload_sha256, payload from ({rows})"
    )


def copy_raw(prepared: Path, warehouse: Path, order: str, *, ties: bool) -> None:
    """A warehouse that holds every raw table of the prepared one, its rows in the order asked for.

    Not registered anew: since the prepared one was built, the vault was given stamps.
    """
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{prepared}' as prepared (read_only)")
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = 'prepared' and table_schema like 'raw_%'"
        ).fetchall()
        assert len(names) > 50
        for schema, name in names:
            place = f'prepared."{schema}"."{name}"'
            own = schema in {"raw_ledger", "raw_itgc"}
            rows = with_ties(schema, place) if ties and not own else f"from {place}"
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(f'create table "{schema}"."{name}" as select * from ({rows}) as raw order by {order}')


def build(run: Run, folder: Path, order: str, *, ties: bool = False) -> Path:
    """The models over the raw tables of the prepared warehouse; two at a time, so that other work runs beside each."""
    folder.mkdir(exist_ok=True)
    warehouse, target = folder / run.warehouse.name, folder / "dbt"
    copy_raw(run.warehouse, warehouse, order, ties=ties)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ITGC_WAREHOUSE": str(warehouse),
        "ITGC_VAULT": str(run.build / "vault"),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
    }
    variables = json.dumps(load(run.engagement).dbt_vars())
    chosen = ["--exclude-resource-type", "unit_test", "test", "--threads", "2", "--vars", variables]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "--quiet", "build", "--profiles-dir", "dbt_project", *chosen],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return warehouse


def differences(here: Path, there: Path) -> dict[str, tuple[int, int]]:
    """Table → rows that only one of two warehouses has; the raw tables are left out, they are what was reordered.

    Each is read by itself: views name the catalogue.
    """
    found: dict[str, tuple[int, int]] = {}
    with duckdb.connect(str(here), read_only=True) as one, duckdb.connect(str(there), read_only=True) as other:
        tables, others = (
            connection.execute(
                "select table_schema, table_name from information_schema.tables"
                " where table_schema not like 'raw_%' order by all"
            ).fetchall()
            for connection in (one, other)
        )
        assert tables == others
        for schema, name in tables:
            place = f'"{schema}"."{name}"'
            one.register("other_rows", other.execute(f"from {place}").to_arrow_table())
            first, second = (
                one.execute(f"select count(*) from (from {a} except all from {b})").fetchall()[0][0]
                for a, b in ((place, "other_rows"), ("other_rows", place))
            )
            if first or second:
                found[f"{schema}.{name}"] = (first, second)
            one.unregister("other_rows")
    return found


def test_the_order_of_the_rows_does_not_matter(run: Run, tmp_path: Path) -> None:
    assert differences(run.warehouse, build(run, tmp_path, BY_HASH)) == {}


def test_nor_where_much_happens_at_once(run: Run, tmp_path: Path) -> None:
    """Ties that the demo company does not have: what decides them is in the rows, too."""
    here = build(run, tmp_path / "here", BY_HASH, ties=True)
    there = build(run, tmp_path / "there", BY_HASH_REVERSED, ties=True)
    assert differences(here, there) == {}
    with duckdb.connect(str(here), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        assert connection.execute(
            "select count(distinct hour(occurred_at)), count(distinct event_id) > 500 from staging.stg_okta__system_log"
        ).fetchone() == (1, True)
        twice = (
            "select 1 from staging.stg_okta__users_intervals group by instance, user_id, seen_to having count(*) > 1"
        )
        assert connection.execute(f"select count(*) > 10 from ({twice})").fetchone() == (True,)


def test_a_difference_is_seen(tmp_path: Path) -> None:
    for name, values in (("here", "(1, 'a'), (1, 'a'), (2, 'b')"), ("there", "(2, 'b'), (1, 'a'), (3, null)")):
        with duckdb.connect(str(tmp_path / name)) as connection:
            connection.execute("create schema marts")
            connection.execute(f"create table marts.changed as from (values {values}) as rows(one, two)")
            connection.execute("create table marts.same as select 1 as one")
            connection.execute("create view marts.shown as from marts.changed")
    assert differences(tmp_path / "here", tmp_path / "there") == {"marts.changed": (1, 1), "marts.shown": (1, 1)}
