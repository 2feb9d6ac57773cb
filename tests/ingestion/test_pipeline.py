from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion import landing
from ingestion.contract import NotPermitted, Permission, SourceError, instant
from ingestion.landing import Landing, exclusive
from ingestion.ledger import Ledger, verify_chain
from ingestion.pipeline import CollectReport, collect, read_stamps, write_stamps
from ingestion.vault import Vault
from orchestration.warehouse import check_vault_files, register_raw
from tests.ingestion.fake_source import INSTANCE, Fake, install

COLLECT_FROM = datetime(2025, 9, 25, tzinfo=UTC)
TICKS = [datetime(2025, 10, day, tzinfo=UTC) for day in (1, 2, 3)]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    return install(monkeypatch)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def run(vault: Vault, tmp_path: Path, ticks: list[datetime] = TICKS, **options: Any) -> CollectReport:
    return collect(
        vault,
        [INSTANCE],
        ticks,
        work_dir=tmp_path / "dlt",
        collect_from=COLLECT_FROM,
        code_version="0.1.0",
        **options,
    )


def rows(vault: Vault, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        register_raw(connection, vault)
        return connection.execute(sql).fetchall()


def test_many_windows_in_one_run(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    ticked: list[datetime] = []
    report = run(vault, tmp_path, on_tick=ticked.append)
    assert ticked == TICKS
    assert report.failed == []
    assert [outcome.collection_id for outcome in report.committed[:4]] == [
        "fake-one.users.20251001T000000Z.0",
        "fake-one.log.20251001T000000Z.0",
        "fake-one.other.20251001T000000Z.0",
        "fake-one.users.20251002T000000Z.0",
    ]
    log = [collection for collection in fake.seen if collection.resource == "log"]
    assert [collection.window.start for collection in log] == [
        COLLECT_FROM,
        TICKS[0] - timedelta(hours=1),
        TICKS[1] - timedelta(hours=1),
    ]
    assert [collection.previous_state for collection in log] == [{}, {"runs": 1}, {"runs": 2}]
    assert [collection.window.start for collection in fake.seen if collection.resource == "users"] == [None] * 3
    assert check_vault_files(vault) == []
    assert rows(vault, "select count(*), count(distinct record_key) from raw_fake.users") == [(12, 4)]
    assert rows(vault, "select record_key, count(*) from raw_fake.shared group by 1 order by 1") == [
        ("log", 3),
        ("other", 3),
    ]
    assert rows(
        vault,
        "select count(*) from raw_fake.shared where collection_id like 'fake-one.' || record_key || '.%'",
    ) == [(6,)]


def test_with_one_tick_each_resource_is_committed_before_the_next_begins(
    vault: Vault, tmp_path: Path, fake: Fake
) -> None:
    held: list[list[str]] = []
    run(
        vault,
        tmp_path,
        TICKS[:1],
        on_tick=lambda _: held.append([entry.facts["resource"] for entry in Ledger(vault).committed]),
    )
    assert held == [[], ["users"], ["users", "log"]]
    assert check_vault_files(vault) == []


@pytest.mark.parametrize(("later", "expected"), [(timedelta(days=7), [3]), (timedelta(days=7, seconds=1), [3, 4, 5])])
def test_small_windows_share_one_load_and_long_ones_do_not(
    vault: Vault, tmp_path: Path, fake: Fake, later: timedelta, expected: list[int]
) -> None:
    run(vault, tmp_path, TICKS[:1])
    held: list[int] = []
    report = run(vault, tmp_path, [TICKS[0] + later], on_tick=lambda _: held.append(len(Ledger(vault).committed)))
    assert held == expected  # how many collections were committed each time that extraction began
    assert len(report.committed) == 3
    assert check_vault_files(vault) == []


def test_collected_later_than_the_instant_it_is_collected_for(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    """The ledger says when it really was, and the source no longer keeps what it kept then."""
    late = TICKS[0] + timedelta(days=1, hours=12)
    run(vault, tmp_path, TICKS[:1], clock=lambda _: late)
    _, log, _ = Ledger(vault).committed
    assert log.facts["collected_at"] == instant(late)
    assert log.facts["window_end"] == instant(TICKS[0])
    assert [(gap["from"], gap["to"]) for gap in log.facts["gaps"]] == [
        (instant(COLLECT_FROM), instant(late - timedelta(days=2)))
    ]
    much_later = TICKS[1] + timedelta(days=30)
    run(vault, tmp_path, TICKS[1:2], clock=lambda _: much_later)
    log = Ledger(vault).of("fake-one", "log")[-1]
    assert [(gap["from"], gap["to"]) for gap in log.facts["gaps"]] == [(instant(TICKS[0]), instant(TICKS[1]))]


def test_committed_entry_says_everything(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    run(vault, tmp_path, TICKS[:1])
    started, *_ = Ledger(vault).entries
    assert set(started.facts) == {
        "n",
        "previous_sha256",
        "kind",
        "collection_id",
        "source",
        "instance",
        "resource",
        "window_start",
        "window_end",
        "collected_at",
        "versions",
    }
    users, log, _ = Ledger(vault).committed
    assert users.facts["rows"] == users.facts["distinct_keys"] == 4
    assert users.facts["window_start"] is None
    assert users.facts["tables"]["users"]["files"][0]["rows"] == 4
    assert users.facts["tables"]["users"]["files"][0]["path"].startswith(
        "raw_fake/users/collection=fake-one.users.20251001T000000Z.0/"
    )
    assert log.facts["gaps"] == [
        {
            "from": "2025-09-25T00:00:00Z",
            "to": "2025-09-29T00:00:00Z",
            "cause": "older than the 2 days which the source keeps",
        }
    ]
    assert log.facts["http_statuses"] == {"200": 1}
    assert log.facts["permission"] == {"result": "granted", "detail": ""}
    assert log.facts["versions"] == {"code": "0.1.0"}
    assert log.facts["error"] is None


def test_lag_alone_makes_no_gap(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    run(vault, tmp_path, [TICKS[0], TICKS[0] + timedelta(days=2)])
    assert Ledger(vault).of("fake-one", "log")[1].facts["gaps"] == []


def test_second_run_collects_nothing_again(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    run(vault, tmp_path)
    before = len(Ledger(vault).entries)
    ticked: list[datetime] = []
    report = run(vault, tmp_path, on_tick=ticked.append)
    assert {outcome.kind for outcome in report.outcomes} == {"skipped"}
    assert ticked == []
    assert len(Ledger(vault).entries) == before


def test_failing_resource_sinks_no_other_and_is_collected_again(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    fake.fails["log"] = RuntimeError("boom https://user:hunter2@host/")
    report = run(vault, tmp_path)
    assert {outcome.resource for outcome in report.failed} == {"log"}
    assert len(report.failed) == 3
    assert len(report.committed) == 6
    failed = next(entry for entry in Ledger(vault).entries if entry.kind == "failed")
    assert failed.facts["error"] == "RuntimeError: boom https://***@host/"
    assert failed.facts["tables"] == {}
    assert rows(vault, "select count(*) from raw_fake.log") == [(0,)]
    assert {problem.kind for problem in check_vault_files(vault)} == {"leftover"}
    fake.fails.clear()
    fake.seen.clear()
    report = run(vault, tmp_path)
    assert [outcome.kind for outcome in report.outcomes if outcome.resource == "log"] == ["committed"] * 3
    assert [collection.window.start for collection in fake.seen][:2] == [COLLECT_FROM, TICKS[0] - timedelta(hours=1)]
    assert [outcome.collection_id[-2:] for outcome in report.committed] == [".0"] * 3
    assert rows(vault, "select count(*) from raw_fake.log") == [(3,)]


@pytest.mark.parametrize("how", ["raised", "probed"])
def test_permission_denied_fails(vault: Vault, tmp_path: Path, fake: Fake, how: str) -> None:
    if how == "raised":
        fake.fails["users"] = NotPermitted("HTTP 403.", "Grant users:read.")
    else:
        fake.permissions["users"] = Permission("denied", "empty answer without the scope users:read")
    report = run(vault, tmp_path, TICKS[:1])
    assert [outcome.resource for outcome in report.failed] == ["users"]
    entry = next(entry for entry in Ledger(vault).entries if entry.kind == "failed")
    assert entry.facts["permission"]["result"] == "denied"
    assert "users:read" in entry.facts["error"]


def test_not_available_commits_without_rows(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    fake.permissions["users"] = Permission("not_available", "no SAML")
    assert run(vault, tmp_path, TICKS[:1]).failed == []
    assert Ledger(vault).of("fake-one", "users")[0].facts["permission"]["result"] == "not_available"


def test_source_that_cannot_start_fails_all_its_resources(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    fake.source_error = SourceError("No secret 'token' for fake-one.", "Set it.")
    report = run(vault, tmp_path, TICKS[:1])
    assert len(report.failed) == 3
    assert {outcome.error for outcome in report.failed} == {"No secret 'token' for fake-one. Set it."}


def test_failed_load_fails_what_builds_upon_it(
    vault: Vault, tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Landing._record_files

    def lossy(self: Landing, attempt: landing.Attempt, load_id: str, names: Any) -> None:
        real(self, attempt, load_id, names)
        if attempt.collection.id == "fake-one.log.20251001T000000Z.0":
            attempt.fail(SourceError("a file went missing"))

    monkeypatch.setattr(Landing, "_record_files", lossy)
    report = run(vault, tmp_path)
    assert [outcome.kind for outcome in report.outcomes if outcome.resource == "log"] == ["failed"] * 3
    assert [outcome.kind for outcome in report.outcomes if outcome.resource == "other"] == ["committed"] * 3
    monkeypatch.setattr(Landing, "_record_files", real)
    fake.seen.clear()
    run(vault, tmp_path)
    assert fake.seen[0].window.start == COLLECT_FROM


def test_rows_that_do_not_arrive_fail_the_collection(
    vault: Vault, tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Fake.pages

    def forgetful(self: Fake, name: str, collection: Any) -> Any:
        if name == "users":
            collection.page("users", [("lost", None, {})])  # made, counted, never yielded
        yield from real(self, name, collection)

    monkeypatch.setattr(Fake, "pages", forgetful)
    report = run(vault, tmp_path, TICKS[:1])
    assert [outcome.error for outcome in report.failed] == ["users: 5 rows were collected, the vault holds 4"]


def test_only_and_order_of_ticks(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    assert run(vault, tmp_path, only={"other-instance"}).outcomes == []
    report = run(vault, tmp_path, TICKS[:1], only={"fake-one.users"})
    assert [outcome.resource for outcome in report.outcomes] == ["users"]
    with pytest.raises(ValueError, match="ascending"):
        run(vault, tmp_path, list(reversed(TICKS)))


def test_two_runs_at_once_are_refused(vault: Vault, tmp_path: Path, fake: Fake) -> None:
    with exclusive(tmp_path / "dlt"), pytest.raises(SourceError, match="Another collection is running"):
        run(vault, tmp_path)


def test_stamps_are_collections(vault: Vault, tmp_path: Path) -> None:
    clock = datetime(2026, 11, 1, 4, tzinfo=UTC)
    options: dict[str, Any] = {"work_dir": tmp_path / "dlt", "code_version": "0.1.0"}
    first = write_stamps(vault, "seeds", [("b", {"seed": 2}), ("a", {"seed": 1})], clock, **options)
    second = write_stamps(vault, "seeds", [("a", {"seed": 3})], clock, parameters={"why": "x"}, **options)
    assert first.collection_id == "itgc.seeds.20261101T040000Z.0"
    assert second.collection_id == "itgc.seeds.20261101T040000Z.1"
    assert [(stamp.key, stamp.payload["seed"]) for stamp in read_stamps(vault, "seeds")] == [
        ("a", 1),
        ("b", 2),
        ("a", 3),
    ]
    assert read_stamps(vault, "draws") == []
    assert rows(vault, "select count(*) from raw_itgc.seeds") == [(3,)]
    with pytest.raises(ValueError, match="seeds"):
        write_stamps(vault, "nonsense", [], clock, **options)


def test_stamps_with_no_rows_are_committed_too(vault: Vault, tmp_path: Path) -> None:
    clock = datetime(2026, 11, 1, 4, tzinfo=UTC)
    entry = write_stamps(vault, "detections", [], clock, work_dir=tmp_path / "dlt", code_version="0.1.0")
    assert entry.facts["tables"]["detections"] == {"rows": 0, "distinct_keys": 0, "files": []}


KILLED = """
import os, signal, sys, threading
from datetime import timedelta
from pathlib import Path
import pytest
from tests.ingestion.fake_source import install
from tests.ingestion.test_pipeline import TICKS, run
from ingestion import landing
from ingestion.ledger import Ledger
from ingestion.vault import Vault

folder, point, nth = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
fake = install(pytest.MonkeyPatch())
count = 0


def dying(real):
    def call(*args, **kwargs):
        global count
        count += 1
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call


if point == "append":
    Ledger.append = dying(Ledger.append)
elif point == "create":
    os.fsync = dying(os.fsync)
elif point == "extract":
    landing.Landing.extract = dying(landing.Landing.extract)
elif point == "pages":
    type(fake).pages = dying(type(fake).pages)
elif point == "load":
    import fsspec.implementations.local as local
    local.LocalFileSystem.put_file = dying(local.LocalFileSystem.put_file)
elif point == "facts":
    landing._file = dying(landing._file)
run(Vault(folder / "vault"), folder)
"""


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("append", 1),
        ("append", 5),
        ("append", 11),
        ("append", 14),
        ("create", 12),
        ("extract", 3),
        ("load", 4),
        ("facts", 5),
    ],
)
def test_killed_at_any_instant(vault: Vault, tmp_path: Path, fake: Fake, point: str, nth: int) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), point, str(nth)]
    killed = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert verify_chain(vault) == []
    started_only = len(Ledger(vault).aborted())
    report = run(vault, tmp_path)
    assert report.failed == []
    assert len(report.aborted) == started_only
    assert started_only > 0 or (point, nth) == ("append", 1)
    assert {problem.kind for problem in check_vault_files(vault)} <= {"leftover"}
    assert rows(vault, "select count(*), count(distinct record_key) from raw_fake.users") == [(12, 4)]
    assert rows(vault, "select count(*) from raw_fake.log") == [(3,)]
    assert rows(vault, "select count(*) from raw_fake.shared") == [(6,)]
    ends = [entry.facts["window_end"] for entry in Ledger(vault).of("fake-one", "log")]
    assert ends == [instant(tick) for tick in TICKS]
