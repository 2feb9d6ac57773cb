"""The demo company's versioned store."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.demo.repositories import set_clock
from ingestion.demo.store import Store, Versioned, instant

T = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store() -> Store:
    made = Store()
    made.add("okta.users", "u1", T, {"id": "u1", "status": "ACTIVE"}, T + DAY)
    made.add("okta.users", "u1", T + DAY, {"id": "u1", "status": "SUSPENDED"})
    made.add("okta.users", "u2", T, {"id": "u2", "status": "ACTIVE", "_context": {"group_id": "g"}}, T + 2 * DAY)
    return made


def test_a_version_is_visible_from_its_start_to_before_its_end():
    version = Versioned("k", T, T + DAY, {})
    assert [version.visible(t) for t in (T - DAY, T, T + DAY - timedelta(microseconds=1), T + DAY)] == [
        False,
        True,
        True,
        False,
    ]


def test_at(store):
    assert store.at("okta.users", T - DAY) == []
    assert [row["status"] for row in store.at("okta.users", T)] == ["ACTIVE", "ACTIVE"]
    assert [row["status"] for row in store.at("okta.users", T + DAY)] == ["SUSPENDED", "ACTIVE"]
    assert store.keys_at("okta.users", T + 2 * DAY) == ["u1"]
    assert store.at("okta.nothing", T) == []


def test_get_and_group(store):
    assert store.get("okta.users", T + DAY, "u1")["status"] == "SUSPENDED"
    assert store.get("okta.users", T + 2 * DAY, "u2") is None
    assert {status: len(rows) for status, rows in store.group("okta.users", T + DAY, "status").items()} == {
        "SUSPENDED": 1,
        "ACTIVE": 1,
    }
    assert list(store.group("okta.users", T, "_context.group_id")) == [None, "g"]


def test_answers_are_cached_and_follow_additions(store):
    first = store.at("okta.users", T)
    assert store.at("okta.users", T) is first
    store.add("okta.users", "u3", T, {"id": "u3"})
    assert len(store.at("okta.users", T)) == 3
    store.tables["okta.users"].append(Versioned("u4", T, None, {"id": "u4"}))
    assert len(store.at("okta.users", T)) == 4
    for day in range(20):
        store.at("okta.users", T + day * DAY)
    assert len(store._cache) <= 4


def test_between_is_half_open_sorted_and_as_at_the_clock():
    store = Store()
    for hour in (5, 1, 3):
        when = T + timedelta(hours=hour)
        store.add("okta.system_log", f"e{hour}", when, {"uuid": f"e{hour}", "published": when.isoformat()})
    store.add("okta.system_log", "none", T, {"uuid": "none", "published": None})

    def seen(start, end, t=None):
        return [row["uuid"] for row in store.between("okta.system_log", start, end, "published", t)]

    assert seen(T + timedelta(hours=1), T + timedelta(hours=5)) == ["e1", "e3"]
    assert seen(None, T + DAY) == ["e1", "e3", "e5"]
    assert seen(None, T + DAY, T + timedelta(hours=3)) == ["e1", "e3"]


def test_an_instant_needs_a_zone():
    with pytest.raises(ValueError, match="need a zone"):
        Store().add("a.b", "k", datetime(2026, 1, 1), {})  # noqa: DTZ001
    assert instant("2026-01-01T00:00:00.000+0100") == T - timedelta(hours=1)
    assert instant("2026-01-01T00:00:00Z") == instant("2026-01-01T00:00:00") == T


def test_save_and_load(store, tmp_path):
    store.add("jira.issues", "1", T, {"id": "1", "summary": "Zürich, żółw"})
    store.save(tmp_path / "a")
    again = Store.load(tmp_path / "a")
    assert again.tables == store.tables
    again.save(tmp_path / "b")
    for name in ("okta.users.jsonl.gz", "jira.issues.jsonl.gz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_files_as_of_a_tick(tmp_path):
    store = Store()
    store.add(
        "registers.systems", "okta", T + DAY, {"system": "okta", "name": 'O"K, ok', "in_scope_to": None, "_context": {}}
    )
    store.add("hris_csv.workers", "1", T, {"worker_id": "1", "last_name": "Müller"})
    store.write_files(tmp_path, T)
    assert (tmp_path / "registers" / "systems.csv").read_text(encoding="utf-8") == "system,name,in_scope_to\n"
    assert (tmp_path / "hris-uk" / "workers.csv").read_text(encoding="utf-8") == "worker_id,last_name\n1,Müller\n"
    store.write_files(tmp_path, T + DAY)
    text = (tmp_path / "registers" / "systems.csv").read_text(encoding="utf-8")
    assert text == 'system,name,in_scope_to\nokta,"O""K, ok",\n'


def test_refs_as_of_a_tick(tmp_path):
    git = ["git", "-C", str(tmp_path / "git" / "payroll.git"), "-c", "user.name=a", "-c", "user.email=a@harbor.example"]
    (tmp_path / "git").mkdir()
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "git" / "payroll.git")], check=True)
    tree = subprocess.run([*git, "mktree"], input="", text=True, check=True, capture_output=True).stdout.strip()
    commits = [
        subprocess.run(
            [*git, "commit-tree", tree, "-m", text], text=True, check=True, capture_output=True
        ).stdout.strip()
        for text in ("one", "two")
    ]

    def refs() -> dict[str, str]:
        shown = subprocess.run([*git, "show-ref"], text=True, check=False, capture_output=True).stdout
        return {line.split()[1]: line.split()[0] for line in shown.splitlines()}

    store = Store()

    def ref(name: str, sha: str) -> dict[str, str]:
        return {"repository": "payroll", "ref": name, "sha": sha}

    store.add("git.refs", "payroll/refs/heads/main", T, ref("refs/heads/main", commits[0]), T + DAY)
    store.add("git.refs", "payroll/refs/heads/main", T + DAY, ref("refs/heads/main", commits[1]))
    store.add("git.refs", "payroll/refs/pull/1/head", T + DAY, ref("refs/pull/1/head", commits[1]))
    set_clock(store, tmp_path, T)
    assert refs() == {"refs/heads/main": commits[0]}
    set_clock(store, tmp_path, T + DAY)
    assert refs() == {"refs/heads/main": commits[1], "refs/pull/1/head": commits[1]}
    set_clock(store, tmp_path, T)
    assert refs() == {"refs/heads/main": commits[0]}
