"""The demo company Harbor Payroll: generated from a seed, with violations planted on purpose and an answer key."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.demo.store import Store

if TYPE_CHECKING:
    from ingestion.demo.world import Answer

__all__ = ["generate"]

_COLUMNS = ("control_id", "rule_id", "item_key", "kind", "status", "note")


def generate(seed: int, scale: float, folder: Path, *, plants: bool = True) -> Store:
    """Make the company: its systems' records, its git repositories, its files and the answer key.

    Args:
        seed: The same seed gives the same company, byte for byte.
        scale: 1 is about 300 workers and 2,000 changes; plants do not shrink with it.
        folder: Gets `git/`, `hris-uk/`, `registers/` (as at the first tick) and `answer_key.csv`.
        plants: Whether violations are planted; without them the company passes every rule.

    Returns:
        Every version of every record of every system.
    """
    from ingestion.demo import (
        access,
        code,
        codehost,
        directory_records,
        forge,
        machines,
        personnel,
        plants_accounts,
        plants_aftermath,
        plants_grants,
        plants_leavers,
        plants_reviews,
        plants_tests,
        registers,
        repositories,
    )
    from ingestion.demo.directory import Directory
    from ingestion.demo.ids import Ids
    from ingestion.demo.members import Members
    from ingestion.demo.requests import Desk
    from ingestion.demo.timeline import LOG_FROM, TICKS
    from ingestion.demo.workforce import build
    from ingestion.demo.world import World

    folder = Path(folder)
    ids = Ids(seed)
    world = World(seed, scale, ids, build(ids, scale), Directory(ids), Members(ids), Desk(ids))
    code.open_repositories(world)
    access.open_directory(world)
    if plants:
        plants_leavers.prepare(world)
        plants_accounts.prepare(world)
        plants_grants.prepare(world)
    access.settle(world)
    if plants:
        plants_leavers.settled(world)
        plants_accounts.settled(world)
    machines.service_accounts(world)
    machines.machine_accounts(world)
    code.protect(world)
    access.run(world)
    machines.emergency_tests(world)
    planner = code.Planner(world)
    if plants:
        plants_tests.prepare(world)
    code.plan(world, planner)
    if plants:
        plants_reviews.plant(world, planner)
        plants_tests.plant(world, planner)
        plants_leavers.plant(world, planner)
        plants_accounts.plant(world, planner)
        plants_grants.plant(world)
        plants_aftermath.plant(world)
    machines.sign_ins(world)

    everything = list(world.repositories.values())
    forge.number(everything, ids)
    world.desk.number()
    importer = world.login(world.admins[0].person)  # type: ignore[arg-type]
    world.played = {r.id: forge.play(r, ids, importer) for r in everything}

    store = Store()
    directory_records.fill(world.directory, store)
    world.members.fill(store)
    world.desk.fill(store, LOG_FROM)
    personnel.fill(store, world.company, ids)
    codehost.fill(store, everything, world.played, ids, world.bots)
    registers.fill(world, store)

    folder.mkdir(parents=True, exist_ok=True)
    repositories.write([r.git for r in everything], folder)
    repositories.set_clock(store, folder, TICKS[0])
    store.write_files(folder, TICKS[0])
    _write_key(world.answers, folder)
    return store


def _write_key(answers: Iterable[Answer], folder: Path) -> None:
    rows = sorted((answer.row() for answer in answers), key=lambda row: (row["rule_id"], row["item_key"], row["kind"]))
    with (folder / "answer_key.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
