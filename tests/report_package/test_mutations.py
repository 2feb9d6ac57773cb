"""No change of a package goes unnoticed: random tampering, and a forger who mends the manifests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forger import Row, edit, mend, read
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestration.report_package import PackageResult, verify, verify_package
from orchestration.report_package.merkle import merkle_root

POPULATION = "evidence/02_change_management/CM-01_code_changes.csv"
SAMPLE = "samples/CM-01_sample.csv"


class Victim:
    """A copy of a package that is put back after each mutation."""

    def __init__(self, source: Path, folder: Path) -> None:
        shutil.copytree(source, folder)
        self.folder = folder
        self.content = {
            p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
        }
        self.names = [name for name in self.content if name != "verify.py"]
        self.tables = [name for name in self.names if name.endswith(".csv") and self.content[name].count(b"\n") > 1]

    def restore(self) -> None:
        for path in sorted(self.folder.rglob("*"), reverse=True):
            name = path.relative_to(self.folder).as_posix()
            if path.is_symlink() or (path.is_file() and name not in self.content):
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        for name, content in self.content.items():
            path = self.folder / name
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def caught(self) -> bool:
        return not verify_package(self.folder).passed


@pytest.fixture(scope="module")
def victim(built: PackageResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    made = Victim(built.path, tmp_path_factory.mktemp("victim") / "package")
    assert not made.caught()
    yield made
    made.restore()
    assert not made.caught()


def flip(victim: Victim, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(victim.names))
    content = bytearray(victim.content[name])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    (victim.folder / name).write_bytes(content)


def _lines(victim: Victim, data: st.DataObject) -> tuple[Path, list[bytes]]:
    name = data.draw(st.sampled_from(victim.tables))
    return victim.folder / name, victim.content[name].split(b"\n")[:-1]


def remove_row(victim: Victim, data: st.DataObject) -> None:
    path, lines = _lines(victim, data)
    del lines[data.draw(st.integers(1, len(lines) - 1))]
    path.write_bytes(b"\n".join(lines) + b"\n")


def add_row(victim: Victim, data: st.DataObject) -> None:
    path, lines = _lines(victim, data)
    lines.insert(data.draw(st.integers(1, len(lines))), data.draw(st.sampled_from(lines)))
    path.write_bytes(b"\n".join(lines) + b"\n")


def reorder(victim: Victim, data: st.DataObject) -> None:
    path, lines = _lines(victim, data)
    shuffled = [lines[0], *data.draw(st.permutations(lines[1:]))]
    assume(shuffled != lines)
    path.write_bytes(b"\n".join(shuffled) + b"\n")


def remove_file(victim: Victim, data: st.DataObject) -> None:
    (victim.folder / data.draw(st.sampled_from(victim.names))).unlink()


def add_file(victim: Victim, data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(["x.txt", "evidence/x.csv", "samples/CM-09_sample.csv", ".hidden", "ipe/sql/é.sql"])
    )
    (victim.folder / name).write_bytes(data.draw(st.binary(max_size=20)))


def truncate(victim: Victim, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(victim.names))
    content = victim.content[name]
    (victim.folder / name).write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])


MUTATIONS = [flip, flip, flip, remove_row, add_row, reorder, remove_file, add_file, truncate]


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.data())
def test_every_random_change_is_noticed(victim: Victim, data: st.DataObject) -> None:
    try:
        mutation = data.draw(st.sampled_from(MUTATIONS))
        mutation(victim, data)
        assert victim.caught(), mutation.__name__
    finally:
        victim.restore()


def _of_row(name: str, change: Callable[[Row, int], None]) -> Callable[[Victim, st.DataObject], None]:
    """A change of one random row, which a forger applies to a file."""

    def mutate(victim: Victim, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(read(victim.folder / name)) - 1))
        step = data.draw(st.integers(1, 9))
        edit(victim.folder / name, lambda rows: change(rows[at], step))

    return mutate


def _of_rows(name: str, change: Callable[[list[Row], st.DataObject], Any]) -> Callable[[Victim, st.DataObject], None]:
    def mutate(victim: Victim, data: st.DataObject) -> None:
        edit(victim.folder / name, lambda rows: change(rows, data))

    return mutate


def _set(column: str, value: Callable[[Row, int], str]) -> Callable[[Row, int], None]:
    def change(row: Row, step: int) -> None:
        new = value(row, step)
        assume(new != row[column])
        row[column] = new

    return change


def _shift(column: str) -> Callable[[Row, int], None]:
    return _set(column, lambda row, step: str(int(row[column] or 0) + step))


def _digit(column: str) -> Callable[[Row, int], None]:
    return _set(column, lambda row, step: row[column][:-1] + str((int(row[column][-1]) + step) % 10))


def _hex(column: str) -> Callable[[Row, int], None]:
    return _set(column, lambda row, step: f"{(int(row[column][0], 16) + step) % 16:x}" + row[column][1:])


def _remove(rows: list[Row], data: st.DataObject) -> None:
    del rows[data.draw(st.integers(0, len(rows) - 1))]


def _swap(rows: list[Row], data: st.DataObject) -> None:
    rows.append(rows.pop(data.draw(st.integers(0, len(rows) - 2))))


def other_item(victim: Victim, data: st.DataObject) -> None:
    """Replace a sampled item by one that was not drawn, with its true ticket and facts."""
    from orchestration.report_package.sampling import ticket

    drawn = {row["item_key"] for row in read(victim.folder / SAMPLE)}
    chosen = data.draw(st.sampled_from([r for r in read(victim.folder / POPULATION) if r["item_key"] not in drawn]))

    def swap(rows: list[Row]) -> None:
        row = rows[data.draw(st.integers(0, len(rows) - 1))]
        row.update({name: chosen[name] for name in ("item_key", "occurred_at", "evidence_url")})
        row["ticket"] = ticket(row["seed"], row["frame_id"], row["item_key"])

    edit(victim.folder / SAMPLE, swap)


def other_seed(victim: Victim, data: st.DataObject) -> None:
    """Change the seed in plan and sample alike."""
    seed = data.draw(st.from_regex(r"[0-9]{20}", fullmatch=True))
    assume(seed != read(victim.folder / SAMPLE)[0]["seed"])
    edit(
        victim.folder / "sampling_plan.csv",
        lambda rows: [row.update(seed=seed) for row in rows if row["control_id"] == "CM-01"],
    )
    edit(victim.folder / SAMPLE, lambda rows: [row.update(seed=seed) for row in rows])


def hide_exception(victim: Victim, data: st.DataObject) -> None:
    """Turn an exception into a pass in the population alone."""
    exceptions = [row["item_key"] for row in read(victim.folder / POPULATION) if row["status"] == "EXCEPTION"]
    chosen = data.draw(st.sampled_from(exceptions))
    and_rule = data.draw(st.booleans())

    def hide(rows: list[Row]) -> None:
        for row in rows:
            if row["item_key"] == chosen:
                row.update(status="PASS", rules_failed="", **({"no_pr": "false"} if and_rule else {}))

    edit(victim.folder / POPULATION, hide)


def pass_untested(victim: Victim, data: st.DataObject) -> None:
    """Call an item PASS whose key rule was not tested, and mend the counts."""
    edit(
        victim.folder / POPULATION,
        lambda rows: [r.update(status="PASS") for r in rows if r["status"] == "NOT_TESTABLE"],
    )

    def restate(rows: list[Row]) -> None:
        for row in rows:
            if row["control_id"] == "CM-01":
                row.update(
                    passed=str(int(row["passed"]) + int(row["not_testable"])),
                    not_testable="0",
                    exception_rate_high=row["exception_rate_low"],
                )

    edit(victim.folder / "test_results.csv", restate)


def drop_item(victim: Victim, data: st.DataObject) -> None:
    """Remove an item from a population."""
    edit(victim.folder / POPULATION, lambda rows: _remove(rows, data))


def forge_state(victim: Victim, data: st.DataObject) -> None:
    """Let a data check fail and keep the state."""
    edit(
        victim.folder / "data_checks.csv",
        lambda rows: rows[0].update(passed=data.draw(st.sampled_from(["false", "error", ""]))),
    )


def rewrite_ledger(victim: Victim, data: st.DataObject) -> None:
    """Rewrite one entry with its own hash, but not those that follow."""
    from hashlib import sha256

    rows = read(victim.folder / "collections.csv")
    at = data.draw(st.integers(0, len(rows) - 1))
    rows[at]["entry"] = rows[at]["entry"].replace("harbor-payroll", "other-payroll")
    rows[at]["entry_sha256"] = sha256(rows[at]["entry"].encode()).hexdigest()
    edit(victim.folder / "collections.csv", lambda old: old.__setitem__(slice(None), rows))


def _drop_type(kind: str) -> Callable[[list[Row], st.DataObject], None]:
    def drop(rows: list[Row], data: st.DataObject) -> None:
        of_kind = [row for row in rows if row["type"] == kind]
        rows.remove(data.draw(st.sampled_from(of_kind)))

    return drop


def _other_severity(row: Row, step: int) -> str:
    return ("high", "medium", "low")[step % 3]


def _of_rule(column: str) -> Callable[[list[Row], st.DataObject], None]:
    """Change what rules.csv says of a rule that items met."""

    def change(rows: list[Row], data: st.DataObject) -> None:
        for row in rows:
            if row["rule_id"] == "CM-01.NO_PR":
                row[column] = "low"

    return change


def _frozen_late(row: Row, step: int) -> str:
    return f"2026-11-0{step}T04:00:01Z"


def _no_source(rows: list[Row], data: st.DataObject) -> None:
    """Remove every source of one item."""
    chosen = data.draw(st.sampled_from(sorted({row["item_key"] for row in rows})))
    rows[:] = [row for row in rows if row["item_key"] != chosen]


def smaller_sample(victim: Victim, data: st.DataObject) -> None:
    """Plan and draw fewer items than the formula asks for."""
    size = data.draw(st.integers(1, len(read(victim.folder / SAMPLE)) - 1))

    def plan(rows: list[Row]) -> None:
        for row in rows:
            if row["control_id"] == "CM-01":
                row["sample_size"] = str(size)

    edit(victim.folder / "sampling_plan.csv", plan)
    edit(victim.folder / SAMPLE, lambda rows: rows.__setitem__(slice(size, None), []))


def weaker_plan(victim: Victim, data: st.DataObject) -> None:
    """Ask for less confidence than the engagement, so that a smaller sample is enough."""
    from orchestration.report_package.sampling import plan

    confidence = data.draw(st.sampled_from([0.5, 0.6, 0.7, 0.8]))
    weak = plan(60, "", {"confidence": confidence})

    def restate(rows: list[Row]) -> None:
        for row in rows:
            if row["control_id"] == "CM-01":
                row.update(confidence=str(confidence), sample_size=str(weak.sample_size), basis=weak.basis)

    edit(victim.folder / "sampling_plan.csv", restate)
    edit(victim.folder / SAMPLE, lambda rows: rows.__setitem__(slice(weak.sample_size, None), []))


def no_sample(victim: Victim, data: st.DataObject) -> None:
    """Pretend that no seed was supplied, so that nothing is drawn."""
    blank = {"seed": "", "seed_provided_by": "", "seed_received_at": "", "drawn_at": ""}
    edit(
        victim.folder / "sampling_plan.csv",
        lambda rows: [row.update(blank) for row in rows if row["control_id"] == "CM-01"],
    )
    edit(victim.folder / SAMPLE, list.clear)


FIXED = [name for name in verify.FIXED if name not in {"verify.py", "engagement.json"}]


def file_gone(victim: Victim, data: st.DataObject) -> None:
    """Leave a file out, and every mention of it."""
    name = data.draw(st.sampled_from([*FIXED, "ipe/CM-01.md", "ipe/sql/cm_01__code_changes.sql"]))
    (victim.folder / name).unlink()


def empty_folder(victim: Victim, data: st.DataObject) -> None:
    """Add a folder with nothing in it."""
    name = data.draw(st.sampled_from(["extra", "evidence/extra", "samples/superseded", "ipe/seeds/more"]))
    (victim.folder / name).mkdir(parents=True, exist_ok=True)


def own_approval(victim: Victim, data: st.DataObject) -> None:
    """Explain a difference and approve the explanation oneself."""
    by = {"explained_by": "hr:1", "approved_by": data.draw(st.sampled_from(["hr:1", "HR:1 ", ""]))}
    edit(
        victim.folder / "reconciliations.csv",
        lambda rows: rows[0].update(by, actual="59", difference="1", explained="1", result="explained"),
    )
    edit(
        victim.folder / "reconciliation_differences.csv",
        lambda rows: rows.append(
            {
                "control_id": "CM-01",
                "reconciliation": "changes = commits",
                "item_key": "x",
                "side": "left",
                "explanation": "known",
                "first_collected_at": "",
                **by,
            }
        ),
    )


LEDGER_COLUMNS = [
    name for name in verify.COLLECTION_COLUMNS if name not in {"entry", "entry_sha256", "previous_sha256", "n"}
]


def ledger_column(victim: Victim, data: st.DataObject) -> None:
    """Change any column of the ledger beside the entry's own text."""
    name = data.draw(st.sampled_from(LEDGER_COLUMNS))
    at = data.draw(st.integers(0, len(read(victim.folder / "collections.csv")) - 1))

    def change(rows: list[Row]) -> None:
        rows[at][name] = (rows[at][name][:-1] + "7") if not rows[at][name].endswith("7") else ""

    edit(victim.folder / "collections.csv", change)


FORGERIES: dict[str, tuple[Callable[[Victim, st.DataObject], None], bool]] = {
    "title without root": (_of_row(POPULATION, _set("title", lambda row, step: row["title"] + "x" * step)), False),
    "root of the manifest stays": (_of_row("populations.csv", _hex("merkle_root")), False),
    "items of a population": (_of_row("populations.csv", _shift("items")), False),
    "exception hidden, roots mended": (hide_exception, True),
    "untested passed, roots mended": (pass_untested, True),
    "item dropped, roots mended": (drop_item, True),
    "order changed, roots mended": (_of_rows(POPULATION, _swap), True),
    "sample item": (other_item, False),
    "sample order": (_of_rows(SAMPLE, _swap), False),
    "sample row removed": (_of_rows(SAMPLE, _remove), False),
    "sample proof": (_of_row(SAMPLE, _hex("inclusion_proof")), False),
    "sample leaf": (_of_row(SAMPLE, _shift("leaf_index")), False),
    "sample draw": (_of_row(SAMPLE, _shift("draw")), False),
    "sample ticket": (_of_row(SAMPLE, _hex("ticket")), False),
    "sample size": (_of_row("sampling_plan.csv", _shift("sample_size")), False),
    "seed in the plan": (_of_row("sampling_plan.csv", _digit("seed")), False),
    "seed everywhere": (other_seed, False),
    "register row removed": (_of_rows("exception_register.csv", _remove), False),
    "register item": (_of_row("exception_register.csv", _digit("item_key")), False),
    "register id": (_of_row("exception_register.csv", _set("exception_id", lambda row, step: row["exception_id"][:-1] + f"{step:x}")), False),
    "results": (_of_row("test_results.csv", _shift("exceptions")), False),
    "rate": (_of_row("test_results.csv", _set("exception_rate_low", lambda row, step: "0.0")), False),
    "results removed": (_of_rows("test_results.csv", _remove), False),
    "ledger entry": (rewrite_ledger, False),
    "ledger row removed": (_of_rows("collections.csv", _remove), False),
    "ledger column": (_of_row("collections.csv", _set("collected_at", lambda row, step: f"2026-01-0{step}T00:00:00Z")), False),
    "source record": (_of_row(POPULATION.replace(".csv", "__sources.csv"), _set("item_key", lambda row, step: row["item_key"] + str(step))), False),
    "source collection": (_of_row(POPULATION.replace(".csv", "__sources.csv"), _set("collection_id", lambda row, step: f"other.{step}")), False),
    "detail record": (_of_row(POPULATION.replace(".csv", "__reviews.csv"), _set("item_key", lambda row, step: row["item_key"] + str(step))), False),
    "state": (forge_state, False),
    "reconciliation open": (_of_row("reconciliations.csv", _set("result", lambda row, step: "open")), False),
    "reconciliation differs": (_of_row("reconciliations.csv", _shift("difference")), False),
    "reconciliations removed": (_of_rows("reconciliations.csv", _remove), False),
    "explanation approved by its author": (own_approval, False),
    "interval not collected": (_of_row("coverage.csv", _set("collected", lambda row, step: "false")), False),
    "interval a gap": (_of_row("coverage.csv", _set("status", lambda row, step: "not_collected")), False),
    "population not testable": (_of_row("populations.csv", _set("status", lambda row, step: "NOT_TESTABLE")), False),
    "not testable, and no row": (_of_rows("exception_register.csv", _drop_type("not_testable")), False),
    "frozen after the seed": (_of_row("populations.csv", _set("frozen_at", _frozen_late)), False),
    "severity": (_of_row("exception_register.csv", _set("severity", _other_severity)), False),
    "severity of a rule": (_of_rows("rules.csv", _of_rule("severity")), False),
    "escalation of a rule": (_of_rows("rules.csv", _of_rule("escalated_severity")), False),
    "any column of the ledger": (ledger_column, False),
    "item without a source": (_of_rows(POPULATION.replace(".csv", "__sources.csv"), _no_source), False),
    "file of every package gone": (file_gone, False),
    "smaller sample": (smaller_sample, False),
    "weaker plan": (weaker_plan, False),
    "no sample": (no_sample, False),
    "empty folder": (empty_folder, False),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_a_forger_who_mends_the_manifests_is_caught(victim: Victim, name: str, data: st.DataObject) -> None:
    mutate, roots = FORGERIES[name]
    try:
        mutate(victim, data)
        mend(victim.folder, roots=roots)
        assert victim.caught()
    finally:
        victim.restore()


def test_mending_alone_changes_nothing(victim: Victim) -> None:
    mend(victim.folder, roots=True)
    assert not victim.caught()
    lines = (victim.folder / POPULATION).read_bytes().split(b"\n")[1:-1]
    assert merkle_root(lines).hex() in (victim.folder / "MANIFEST.json").read_text()
    victim.restore()
