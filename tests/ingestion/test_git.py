from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion.contract import Collection, SourceError, Unreachable, Window
from ingestion.sources.git import client, doctor, source
from ingestion.sources.git.config import GitInstance, Repository

T0 = datetime(2025, 10, 1, 4, 30, tzinfo=UTC)


@dataclass
class Repo:
    """A real repository: files are written, commits made, refs set by git itself."""

    path: Path
    clock: int = 1_760_000_000

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True)
        self("init", "-q", "-b", "main")

    def __call__(self, *arguments: str, **extra: str) -> str:
        self.clock += 60
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@harbor.example",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@harbor.example",
            "GIT_AUTHOR_DATE": f"{self.clock} -0400",
            "GIT_COMMITTER_DATE": f"{self.clock} -0400",
        }
        return subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=environment | extra,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self, name: str, text: str, message: str = "change", **extra: str) -> str:
        (self.path / name).write_text(text)
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-m", message, **extra)
        return self("rev-parse", "HEAD")

    def pull(self, number: int, sha: str) -> None:
        self("update-ref", f"refs/pull/{number}/head", sha)


@dataclass
class Collected:
    tables: dict[str, list[dict[str, Any]]]
    keys: dict[str, list[str]]
    state: dict[str, Any]
    parameters: dict[str, Any]

    @property
    def subjects(self) -> list[str]:
        return [row["subject"] for row in self.tables["first_parent_commits"]]

    @property
    def head(self) -> dict[str, Any]:
        return self.tables["branch_heads"][0]


@dataclass
class Collector:
    folder: Path
    url: str
    branches: tuple[str, ...] = ("main",)
    state: dict[str, Any] = field(default_factory=dict)
    tick: datetime = T0
    start: datetime | None = None

    @property
    def instance(self) -> GitInstance:
        repository = Repository(id="101", url=self.url, branches=self.branches)
        return GitInstance(instance="git-harbor", repositories=(repository,), clones=self.folder)

    def __call__(self) -> Collected:
        self.tick += timedelta(days=30)
        collection = Collection(
            "git-harbor.history.x.0", "git-harbor", "history", Window(self.start, self.tick), self.tick, self.state
        )
        tables: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("first_parent_commits", "branch_heads", "pull_commits")
        }
        keys: dict[str, list[str]] = {name: [] for name in tables}
        pipe = source(self.instance, {"history": collection}).resources["history"]._pipe
        pipe.evaluate_gen()
        for page in pipe.gen:
            for row in page.data.to_pylist():
                tables[page.meta.table_name].append(json.loads(row["payload"]))
                keys[page.meta.table_name].append(row["record_key"])
        self.state = json.loads(json.dumps(collection.state))
        return Collected(tables, keys, collection.state, collection.parameters)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "remote")


@pytest.fixture
def collector(tmp_path: Path, repo: Repo) -> Collector:
    return Collector(tmp_path / "clones", str(repo.path))


def test_frame_of_merge_squash_rebase_and_direct_push(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    first = collector()
    assert first.subjects == ["root"]
    assert first.head["previous_head"] is None
    assert first.head["is_descendant"] is None

    repo("checkout", "-qb", "feature/merge")
    feature = repo.commit("b", "1", "feature work")
    repo("checkout", "-q", "main")
    repo("merge", "-q", "--no-ff", "-m", "Merge pull request #1", "feature/merge")
    repo.pull(1, feature)

    repo("checkout", "-qb", "squash")
    repo.commit("c", "1", "s1")
    squashed = repo.commit("c", "2", "s2")
    repo("checkout", "-q", "main")
    repo("merge", "-q", "--squash", "squash")
    repo("commit", "-qm", "Squashed (#2)")
    repo.pull(2, squashed)

    repo("checkout", "-qb", "rebase", "main~1")
    repo.commit("d", "1", "r1")
    rebased = repo.commit("e", "1", "r2")
    repo("checkout", "-q", "main")
    repo("cherry-pick", "main..rebase")
    repo.pull(3, rebased)
    repo.commit("f", "1", "direct push")

    second = collector()
    assert second.subjects == ["direct push", "r2", "r1", "Squashed (#2)", "Merge pull request #1"]
    assert [row["position"] for row in second.tables["first_parent_commits"]] == [5, 4, 3, 2, 1]
    assert second.head["is_descendant"] is True
    assert second.head["lost_commits"] == []
    pulls = {(row["number"], row["sha"]): row for row in second.tables["pull_commits"]}
    assert {number for number, _ in pulls} == {1, 2, 3}
    assert [number for number, _ in pulls].count(2) == 2
    assert [number for number, _ in pulls].count(3) == 2
    assert pulls[1, feature]["is_head"] is True
    assert pulls[1, feature]["merge_base"] == first.head["head"]
    assert pulls[1, feature]["cumulative_patch_id"] is None  # contains no merge
    merge = second.tables["first_parent_commits"][-1]
    assert merge["parents"][1] == feature
    single = next(row for row in second.tables["first_parent_commits"] if row["subject"] == "r2")
    assert single["patch_id"] is not None
    assert len({row["patch_id"] for row in second.tables["first_parent_commits"]}) == 5

    third = collector()
    assert third.subjects == []
    assert third.tables["pull_commits"] == []
    assert third.keys["branch_heads"] == ["101/main/20251230T043000Z"]


def test_forced_push_names_what_is_lost(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    lost = [repo.commit("a", "2", "lost 1"), repo.commit("a", "3", "lost 2")]
    collector()
    repo("reset", "-q", "--hard", "HEAD~2")
    repo.commit("a", "4", "instead")
    result = collector()
    assert result.head["is_descendant"] is False
    assert sorted(result.head["lost_commits"]) == sorted(lost)
    assert result.subjects == ["instead"]
    assert result.tables["first_parent_commits"][0]["position"] == 1


def test_forced_push_after_the_cache_and_the_commit_are_gone(repo: Repo, tmp_path: Path, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo.commit("a", "2", "lost")
    collector()
    repo("reset", "-q", "--hard", "HEAD~1")
    repo("reflog", "expire", "--expire=now", "--all")
    repo("gc", "-q", "--prune=now")
    collector.folder = tmp_path / "other"
    result = collector()
    assert result.head["is_descendant"] is False
    assert result.head["lost_commits"] is None
    assert result.subjects == ["root"]


def test_deleted_cache_changes_nothing(repo: Repo, tmp_path: Path, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    collector()
    repo.commit("a", "2", "next")
    collector.folder = tmp_path / "other"
    assert collector().subjects == ["next"]


def test_deleted_renamed_and_missing_branches(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo("branch", "release/1")
    repo("checkout", "-q", "release/1")
    gone = repo.commit("r", "1", "only on the release")
    repo("checkout", "-q", "main")
    collector.branches = ("main", "release/1")
    collector()
    repo("branch", "-m", "release/1", "release/one")
    renamed = {row["branch"]: row for row in collector().tables["branch_heads"]}["release/1"]
    assert renamed["head"] is None
    assert renamed["is_descendant"] is False
    assert renamed["lost_commits"] == []  # the other branch still reaches them
    repo("branch", "-D", "release/one")
    deleted = {row["branch"]: row for row in collector().tables["branch_heads"]}["release/1"]
    assert deleted["lost_commits"] == [gone]
    collector.branches = ("trunk",)
    with pytest.raises(SourceError, match="no branch 'trunk'"):
        collector()


def test_empty_repository(repo: Repo, collector: Collector) -> None:
    result = collector()
    assert result.head["head"] is None
    assert result.head["lost_commits"] == []
    assert result.subjects == []
    repo.commit("a", "1", "root")
    assert collector().subjects == ["root"]


def test_shallow_and_unreachable_remotes(repo: Repo, tmp_path: Path, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo.commit("a", "2", "next")
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow")], check=True)
    collector.url = str(tmp_path / "shallow")
    with pytest.raises(Unreachable, match="shallow"):
        collector()
    collector.url, collector.state = str(repo.path), {}
    assert collector().subjects == ["next", "root"]
    repo.commit("a", "3", "cut off")
    repo.commit("a", "4", "later")
    cut = tmp_path / "cut"
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{repo.path}", str(cut)], check=True)
    repo.path.rename(tmp_path / "full")
    cut.rename(repo.path)
    with pytest.raises(Unreachable, match="shallow"):
        collector()
    for url in ("https://someone:hunter2secret@127.0.0.1:9/x.git", "http://a/hunter2secret@127.0.0.1:9/x.git"):
        collector.url = url
        with pytest.raises(Unreachable) as caught:
            collector()
        assert "hunter2secret" not in str(caught.value)
        findings = list(doctor(collector.instance))
        assert not findings[0].ok
        assert "hunter2secret" not in str(findings)


def test_pull_request_updated_from_its_base(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo("checkout", "-qb", "topic")
    before = repo.commit("t", "1", "topic work")
    repo("checkout", "-q", "main")
    moved = repo.commit("b", "1", "main moves")
    repo("checkout", "-q", "topic")
    repo("merge", "-q", "-m", "Update branch", "main")
    clean = repo("rev-parse", "HEAD")
    dirty = repo.commit("t", "2", "more work")
    repo.pull(7, dirty)
    rows = {row["sha"]: row for row in collector().tables["pull_commits"]}
    assert set(rows) == {before, clean, dirty}
    assert rows[clean]["merge_base"] == moved
    assert rows[before]["cumulative_patch_id"] == rows[clean]["cumulative_patch_id"] is not None
    assert rows[dirty]["cumulative_patch_id"] not in (None, rows[clean]["cumulative_patch_id"])
    repo("checkout", "-q", "main")
    repo("merge", "-q", "--no-ff", "-m", "Merge #7", "topic")
    collector.state["pulls"] = {}
    assert {row["sha"]: row["merge_base"] for row in collector().tables["pull_commits"]} == {
        sha: row["merge_base"] for sha, row in rows.items()
    }


def test_stacked_pull_request_leaves_out_what_the_first_one_brought(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo("checkout", "-qb", "first")
    below = repo.commit("f", "1", "first")
    repo("checkout", "-qb", "second")
    above = repo.commit("s", "1", "second")
    repo.pull(1, below)
    repo.pull(2, above)
    stacked = {(row["number"], row["sha"]) for row in collector().tables["pull_commits"]}
    assert stacked == {(1, below), (2, below), (2, above)}  # as long as the first is not merged
    repo("checkout", "-q", "main")
    repo("merge", "-q", "--no-ff", "-m", "Merge #1", "first")
    repo("checkout", "-q", "second")
    repo("merge", "-q", "-m", "Update branch", "main")
    updated = repo("rev-parse", "HEAD")
    repo.pull(2, updated)
    own = {row["sha"] for row in collector().tables["pull_commits"] if row["number"] == 2}
    assert own == {above, updated}


def test_pull_request_against_a_release_branch(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo("checkout", "-qb", "release/1")
    fork = repo.commit("r", "1", "release work")
    repo("checkout", "-qb", "topic")
    fix = repo.commit("x", "1", "fix")
    repo.pull(4, fix)
    collector.branches = ("main", "release/1")
    (row,) = collector().tables["pull_commits"]
    assert (row["sha"], row["merge_base"], row["is_head"]) == (fix, fork, True)


def test_rebased_pull_request_replaces_its_head(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo("checkout", "-qb", "topic")
    old = repo.commit("t", "1", "v1")
    repo.pull(8, old)
    repo("checkout", "-q", "main")
    collector()
    repo("checkout", "-q", "topic")
    repo("commit", "-q", "--amend", "-m", "v2")
    new = repo("rev-parse", "HEAD")
    repo.pull(8, new)
    rows = {row["sha"]: row["is_head"] for row in collector().tables["pull_commits"]}
    assert rows == {old: False, new: True}


def test_foxtrot_merge_keeps_positions_consistent(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo("checkout", "-qb", "topic")
    repo.commit("t", "1", "topic work")
    repo("checkout", "-q", "main")
    repo.commit("b", "1", "on main")
    collector()
    repo("checkout", "-q", "topic")
    repo("merge", "-q", "-m", "Merge main into topic", "main")
    repo("checkout", "-q", "main")
    repo("merge", "-q", "--ff-only", "topic")
    result = collector()
    assert result.subjects == ["Merge main into topic", "topic work"]
    assert [row["position"] for row in result.tables["first_parent_commits"]] == [2, 1]
    assert result.head["is_descendant"] is True


def test_hostile_text_stays_text(repo: Repo, tmp_path: Path, collector: Collector) -> None:
    marker = tmp_path / "owned"
    message = f"$(touch {marker}) `touch {marker}`; '\"\n\ncommit {'0' * 40}\nCo-authored-by: Bob <bob@x.example>\nco-Authored-By:  Eve\u2028 <e@x>"
    name = "=cmd|' /C calc'!A0 <script>"
    repo.commit("a", "1", message, GIT_AUTHOR_NAME=name)
    raw = (
        subprocess.run(["git", "-C", str(repo.path), "cat-file", "commit", "HEAD"], check=True, capture_output=True)
        .stdout.replace(b"change", b"x")
        .replace(b"ada@harbor.example> 17", b"ada@\xff\xfe> 99999999999999917", 1)
    )
    sha = (
        subprocess.run(
            ["git", "-C", str(repo.path), "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
            input=raw.replace(b"tree", b"tree", 1),
            check=True,
            capture_output=True,
            text=False,
        )
        .stdout.decode()
        .strip()
    )
    repo("update-ref", "refs/heads/main", sha)
    row = collector().tables["first_parent_commits"][0]
    assert not marker.exists()
    assert row["author_name"] == name.replace("<script>", "script")
    assert row["author_email"] == "ada@\ufffd\ufffd"
    assert row["authored_at"] is None
    assert row["committed_at"].startswith("2025-10-")
    assert {"name": "Bob", "email": "bob@x.example"} in row["co_authors"]
    assert len(row["co_authors"]) == 2


def test_ledger_parameters_show_no_credential_and_no_local_folder(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    assert collector().parameters["repositories"] == [{"id": "101", "url": "remote", "branches": ["main"]}]


@pytest.mark.parametrize("branch", ["-x", "a b", "", "a..\x00"])
def test_branch_names_that_could_be_options_are_refused(branch: str) -> None:
    with pytest.raises(ValueError, match="branches"):
        Repository(id="1", url="x", branches=(branch,))


def test_dangerous_transport_is_refused(tmp_path: Path, collector: Collector) -> None:
    collector.url = f"ext::sh -c touch% {tmp_path}/owned"
    with pytest.raises(SourceError, match="not allowed"):
        collector()
    assert not (tmp_path / "owned").exists()


def test_older_history_comes_without_patch_ids_the_first_time(repo: Repo, collector: Collector) -> None:
    for name in ("a", "b", "c"):
        repo.commit(name, "1", name)
    late = repo.clock + 1_000
    repo.clock = late
    repo.commit("d", "1", "d")
    repo.commit("e", "1", "old date", GIT_COMMITTER_DATE="1500000000 +0000")
    repo.commit("f", "1", "f")
    collector.start = datetime.fromtimestamp(late, UTC)
    rows = {row["subject"]: row["patch_id"] for row in collector().tables["first_parent_commits"]}
    assert list(rows) == ["f", "old date", "d", "c", "b", "a"]
    assert {subject for subject, patch_id in rows.items() if patch_id} == {"f", "old date", "d"}
    repo.commit("g", "1", "pushed late", GIT_COMMITTER_DATE="1500000000 +0000")
    later = collector().tables["first_parent_commits"]
    assert [(row["subject"], bool(row["patch_id"])) for row in later] == [("pushed late", True)]


def test_a_history_that_ended_before_the_window_has_no_patch_ids(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    collector.start = datetime.fromtimestamp(repo.clock + 9, UTC)
    assert [row["patch_id"] for row in collector().tables["first_parent_commits"]] == [None]


@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_history_is_read_in_pieces_of_any_size(
    repo: Repo, collector: Collector, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    for n in range(5):
        repo.commit("a", str(n), f"change {n} é\u2028\n\nlong\ntext")
    monkeypatch.setattr(client, "_CHUNK", size)
    rows = collector().tables["first_parent_commits"]
    assert [row["subject"] for row in rows] == [f"change {n} é\u2028" for n in (4, 3, 2, 1, 0)]
    assert [row["position"] for row in rows] == [4, 3, 2, 1, 0]


def instance_of(tmp_path: Path, url: str, **more: Any) -> GitInstance:
    repository = Repository(id="101", url=url, branches=("main",))
    return GitInstance(instance="git-harbor", repositories=(repository,), clones=tmp_path / "clones", **more)


def git_of(instance: GitInstance) -> client.Git:
    return client.Git(instance, instance.repositories[0], client.token_of(instance))


@pytest.mark.parametrize(
    ("url", "asked", "is_sent"),
    [
        ("https://git.example/a.git", "https://git.example/a.git", True),
        ("https://git.example:8443/a.git", "https://git.example:8443/a.git", True),
        ("https://someone@git.example:8443/a.git", "https://git.example:8443/a.git", True),
        ("https://git.example:8443/a.git", "https://git.example/a.git", False),
        ("https://git.example:8443/a.git", "https://git.example:9443/a.git", False),
        ("http://git.example/a.git", "http://git.example/a.git", False),
    ],
)
def test_the_token_is_for_the_configured_host_and_port_only(
    url: str, asked: str, is_sent: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__GIT_HARBOR__TOKEN", "canary-of-git")
    settings = git_of(instance_of(tmp_path, url))._credential()
    found = subprocess.run(
        ["git", "config", "--get-urlmatch", "http.extraHeader", asked],
        env=client._environment(settings),
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ("Authorization: Basic" in found.stdout) is is_sent


def test_certificates_of_the_caller_pass_and_its_other_settings_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing = {
        name: str(tmp_path / name) for name in ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY")
    }
    for name, value in passing.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    environment = git_of(instance_of(tmp_path, "https://git.example/a.git")).environment
    assert {name: environment.get(name) for name in passing} == passing
    assert not {"GIT_SSL_NO_VERIFY", "GIT_DIR"} & set(environment)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True


def test_a_command_that_does_not_end_is_stopped_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "ssh"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(client, "TIMEOUT", 1.0)
    with pytest.raises(Unreachable, match="did not end") as caught:
        git_of(instance_of(tmp_path, "ssh://git.example/a.git")).remote_branches()
    assert "collect again" in caught.value.remedy
    pid = int((tmp_path / "pid").read_text())
    for _ in range(50):
        if not is_running(pid):
            break
        time.sleep(0.1)
    assert not is_running(pid)


def test_reading_that_does_not_end_is_stopped(
    repo: Repo, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("a", "1", "root")
    git = git_of(collector.instance)
    git.fetch()
    monkeypatch.setattr(client, "TIMEOUT", 0.5)
    with pytest.raises(Unreachable, match="did not end"):
        list(git.fields("-c", "alias.wait=!sleep 30", "wait"))


def test_a_github_app_gives_the_token_of_each_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = iter(["canary-one", "canary-two"])
    monkeypatch.setattr("ingestion.sources.github.app.InstallationToken.token", lambda self: next(tokens))
    monkeypatch.setattr("ingestion.oauth.private_key", lambda instance: None)
    git = git_of(instance_of(tmp_path, "https://github.com/a/b.git", app_id=1, installation_id=2))
    sent = [next(iter(git._credential().values())) for _ in range(2)]
    assert [base64.b64decode(header.rsplit(" ", 1)[1]) for header in sent] == [
        b"x-access-token:canary-one",
        b"x-access-token:canary-two",
    ]


def test_doctor_says_that_the_key_of_an_app_is_missing(tmp_path: Path) -> None:
    (wrong,) = doctor(instance_of(tmp_path, "https://github.com/a/b.git", app_id=1, installation_id=2))
    assert not wrong.ok
    assert "SOURCES__GIT_HARBOR__PRIVATE_KEY" in wrong.remedy


def test_update_from_the_base_that_changes_only_white_space(repo: Repo, collector: Collector) -> None:
    repo.commit("a", "1", "root")
    repo("checkout", "-qb", "topic")
    before = repo.commit("t", "if closed:\n    refuse()\n    stop()\n", "topic work")
    repo("checkout", "-q", "main")
    repo.commit("b", "1", "main moves")
    repo("checkout", "-q", "topic")
    repo("merge", "-q", "--no-commit", "main")
    merged = repo.commit("t", "if closed:\n    refuse()\nstop()\n", "Update branch")
    repo.pull(7, merged)
    rows = {row["sha"]: row for row in collector().tables["pull_commits"]}
    assert None is not rows[before]["cumulative_patch_id"] != rows[merged]["cumulative_patch_id"] is not None
