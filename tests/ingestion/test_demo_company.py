"""The demo company hangs together: what its systems say agrees, but for what was planted and written into the key."""

from __future__ import annotations

import csv
import itertools
import subprocess
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion.demo import generate
from ingestion.demo.repositories import set_clock
from ingestion.demo.store import Store, instant
from ingestion.demo.timeline import CUTOFF, PERIOD_END, PERIOD_START, TICKS, end_of, local_day

PROJECT = Path(__file__).parents[2]
LAST = TICKS[-1]
DAY = timedelta(days=1)
Row = dict[str, Any]


class Company:
    """A generated company with its answer key."""

    def __init__(self, folder: Path, *, plants: bool = True) -> None:
        self.folder = folder
        self.store: Store = generate(7, 0.1, folder, plants=plants)
        with (folder / "answer_key.csv").open(encoding="utf-8", newline="") as file:
            self.key = list(csv.DictReader(file))
        self.planted = {(row["control_id"], row["item_key"]) for row in self.key if row["kind"] == "planted"}
        self.planted |= {(row["control_id"], row["item_key"]) for row in self.key if row["kind"] == "not_testable"}

    def at(self, table: str, when: datetime = LAST) -> list[Row]:
        return self.store.at(table, when)

    def git(self, repository: str, *arguments: str, text: str = "") -> list[str]:
        path = self.folder / "git" / f"{repository}.git"
        done = subprocess.run(["git", "-C", path, *arguments], input=text, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("clean"), plants=False)


@pytest.fixture(params=["company", "clean"])
def either(request: pytest.FixtureRequest) -> Company:
    found: Company = request.getfixturevalue(request.param)
    return found


def repositories(company: Company) -> dict[str, str]:
    """Repository id to its folder's name."""
    return {row.key: row.payload["name"] for row in reversed(company.store.tables["github.repositories"])}


def pulls(company: Company, *, honest: bool = True) -> list[Row]:
    """Merged requests of the period, without those of which the key says that something is wrong."""
    found = []
    for row in company.at("github.pull_requests"):
        key = f"github-harbor:{row['_context']['repository_id']}/pr/{row['databaseId']}"
        merged = row["mergedAt"] and PERIOD_START <= instant(row["mergedAt"]) < PERIOD_END
        if merged and not (honest and {("CM-01", key), ("CM-02", key)} & company.planted):
            found.append(row)
    return found


def by_pull(company: Company, table: str) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in company.at(f"github.{table}"):
        found[row["_context"]["pull_request_id"]].append(row)
    return found


def of(row: Row) -> str:
    return str(row["databaseId"])


# -- the same seed, the same company ------------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_same_seed_same_bytes(company: Company, tmp_path: Path) -> None:
    again = Company(tmp_path / "again")
    assert tree(again.folder) == tree(company.folder)
    company.store.save(tmp_path / "one")
    again.store.save(tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_another_seed_another_company(company: Company, tmp_path: Path) -> None:
    other = generate(8, 0.1, tmp_path)
    assert other.at("bamboohr.employees", LAST) != company.at("bamboohr.employees")


# -- the answer key -----------------------------------------------------------------------------------------------


def test_every_rule_is_planted_beside_a_near_miss(company: Company) -> None:
    with (PROJECT / "dbt_project/seeds/catalogue/exception_rules.csv").open(encoding="utf-8") as file:
        rules = {row["rule_id"] for row in csv.DictReader(file)}
    kinds = defaultdict(set)
    for row in company.key:
        kinds[row["rule_id"]].add(row["kind"])
    assert len(rules) == 48
    assert set(kinds) == rules
    lacking = {rule: found for rule, found in kinds.items() if not {"planted", "near_miss"} <= found}
    assert not lacking


def test_key_is_consistent(company: Company) -> None:
    rows = [(row["rule_id"], row["item_key"]) for row in company.key]
    assert not [row for row, n in Counter(rows).items() if n > 1]
    expected = {"planted": "EXCEPTION", "near_miss": "PASS", "innocent": "PASS", "not_testable": "NOT_TESTABLE"}
    assert all(expected[row["kind"]] == row["status"] and row["note"] for row in company.key)
    statuses = defaultdict(set)
    for row in company.key:
        statuses[row["control_id"], row["item_key"]].add(row["status"])
    assert all(len(found) == 1 for found in statuses.values())


def test_without_plants_the_key_is_empty(clean: Company) -> None:
    assert clean.key == []


def test_edge_cases_of_the_five_controls_are_named(company: Company) -> None:
    text = " ".join(row["note"] for row in company.key)
    wanted = "E001 E002 E007 E008 E010 E011 E013 E014 E016 E017 E019 E020 E022 E023 E025 E026 E038 E040 E041 E043 E044"
    wanted += " E046 E047 E049 E050 E052 E053 E055 E056 E058 E059 E061 E062"
    assert not [case for case in wanted.split() if case not in text]


# -- git and the code host ----------------------------------------------------------------------------------------


def test_git_holds_exactly_the_commits_of_the_payloads(either: Company) -> None:
    for id_, name in repositories(either).items():
        told = {
            row.payload["oid"]: row.payload
            for table in ("commits", "pull_request_commits")
            for row in either.store.tables[f"github.{table}"]
            if row.payload["_context"]["repository_id"] == id_
        }
        listed = either.git(name, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
        assert {line.split()[1] for line in listed if line.startswith("commit")} == set(told)
        shown = either.git(
            name, "log", "--no-walk=unsorted", "--stdin", "--format=%H|%T|%P|%cI|%an|%ae", text="\n".join(told)
        )
        for line in shown:
            sha, tree_sha, parents, committed, author, email = line.split("|")
            commit = told[sha]
            assert tree_sha == commit["tree"]["oid"]
            assert parents.split() == [parent["oid"] for parent in commit["parents"]["nodes"]]
            assert instant(committed) == instant(commit["committedDate"])
            assert (author, email) == tuple(commit["authors"]["nodes"][0][part] for part in ("name", "email"))


def test_refs_follow_the_clock(either: Company) -> None:
    activity = sorted(either.at("github.activity"), key=lambda row: row["timestamp"])
    for tick in (TICKS[0], TICKS[6], LAST):
        set_clock(either.store, either.folder, tick)
        for id_, name in repositories(either).items():
            moves = [
                row for row in activity if row["_context"]["repository_id"] == id_ and instant(row["timestamp"]) <= tick
            ]
            assert either.git(name, "rev-parse", "main") == [moves[-1]["after"]]
            heads = {
                f"refs/pull/{row['number']}/head": row["headRefOid"]
                for row in either.at("github.pull_requests", tick)
                if row["_context"]["repository_id"] == id_
            }
            shown = either.git(name, "for-each-ref", "--format=%(refname) %(objectname)", "refs/pull")
            assert dict(line.split() for line in shown) == heads


def test_every_first_parent_commit_is_one_merge_or_one_push(either: Company) -> None:
    set_clock(either.store, either.folder, LAST)
    merges = {row["mergeCommit"]["oid"]: of(row) for row in either.at("github.pull_requests") if row["mergeCommit"]}
    associated = {
        row["oid"]: [str(pull["databaseId"]) for pull in row["associatedPullRequests"]["nodes"]]
        for row in either.at("github.commits")
    }
    pushes = set()
    claimed: list[str] = []  # pushed, and named for a later request by the platform all the same: one is planted
    for id_, name in repositories(either).items():
        parents = dict(
            line.partition(" ")[::2] for line in either.git(name, "log", "--first-parent", "--format=%H %P", "main")
        )
        explained = Counter[str]()
        for move in either.at("github.activity"):
            if move["_context"]["repository_id"] != id_:
                continue
            if move["activity_type"] in ("push", "force_push"):
                pushes.add(move["id"])
            sha = move["after"]
            while sha != move["before"] and sha in parents:
                explained[sha] += 1
                if move["activity_type"] in ("pr_merge", "merge_queue_merge"):
                    assert associated[sha] == [merges[move["after"]]]
                elif associated[sha]:
                    claimed.append(move["activity_type"])
                if move["activity_type"] == "force_push":
                    break
                sha = parents[sha].split(" ")[0]
        assert set(explained) == set(parents)
        assert set(explained.values()) == {1}
    assert len(pushes) == (0 if either.key == [] else 3)
    assert claimed == ([] if either.key == [] else ["push"])


def test_request_numbers_have_no_gap(either: Company) -> None:
    numbers = defaultdict(list)
    for row in either.at("github.pull_requests"):
        numbers[row["_context"]["repository_id"]].append(row["number"])
    assert len(numbers) == 6
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())
    keys = sorted(int(row["key"].removeprefix("ACC-")) for row in either.at("jira.issues"))
    assert keys == list(range(keys[0], keys[0] + len(keys)))


def test_honest_requests_are_tested_on_their_head_before_the_merge(either: Company) -> None:
    runs = defaultdict(list)
    for row in either.at("github.check_runs"):
        runs[row["_context"]["oid"]].append(row)
    innocent = {row["item_key"] for row in either.key if row["control_id"] == "CM-02"}
    for pull in pulls(either):
        if f"github-harbor:{pull['_context']['repository_id']}/pr/{of(pull)}" in innocent:
            continue
        passed = [
            run
            for run in runs[pull["headRefOid"]]
            if run["name"] == "ci/tests" and run["conclusion"] == "SUCCESS" and run["_context"]["app_id"] == "15368"
        ]
        assert any(run["completedAt"] < pull["mergedAt"] for run in passed), pull["url"]


def could_write(company: Company, repository: str, user: int, when: datetime) -> bool:
    ticks = (max(t for t in TICKS if t <= when), min(t for t in TICKS if t > when))
    found = [company.store.get("github.repository_collaborators", tick, f"{repository}/{user}") for tick in ticks]
    return all(row is not None and row["permissions"]["push"] for row in found)


def test_honest_requests_are_approved_by_writers_who_did_not_write_them(either: Company) -> None:
    reviews, commits = by_pull(either, "pull_request_reviews"), by_pull(either, "pull_request_commits")
    special = {row["item_key"] for row in either.key}
    for pull in pulls(either):
        repository = pull["_context"]["repository_id"]
        if f"github-harbor:{repository}/pr/{of(pull)}" in special:
            continue
        nodes = [node for commit in commits[of(pull)] for node in commit["authors"]["nodes"]]
        authors = {node["user"]["databaseId"] for node in nodes if node["user"]} | {pull["author"]["databaseId"]}
        approvers = {
            review["author"]["databaseId"]
            for review in reviews[of(pull)]
            if review["state"] == "APPROVED"
            and review["submittedAt"] < pull["mergedAt"]
            and review["commit"]["oid"] == pull["headRefOid"]
            and could_write(either, repository, review["author"]["databaseId"], instant(review["submittedAt"]))
        }
        assert len(approvers - authors) >= (2 if repository == "102" else 1), pull["url"]


def test_tickets_name_the_requests_that_need_them(clean: Company) -> None:
    tickets = {row["key"]: row["_context"]["change_refs"] for row in clean.at("jira.issues")}
    names = repositories(clean)
    for pull in pulls(clean):
        repository = pull["_context"]["repository_id"]
        if repository in ("101", "102"):
            assert tickets[pull["title"].split()[0]] == [f"harbor-payroll/{names[repository]}#{pull['number']}"]


def test_deployments_are_of_tested_states_of_the_branch(clean: Company) -> None:
    runs = {row["_context"]["oid"] for row in clean.at("github.check_runs") if row["conclusion"] == "SUCCESS"}
    states = {row["after"] for row in clean.at("github.activity")}
    deployed = {row["commitOid"] for row in clean.at("github.deployments")}
    assert deployed
    assert deployed <= states & runs


# -- the directory ------------------------------------------------------------------------------------------------

_MOVES = {
    "group.user_membership": ("okta.group_members", "UserGroup"),
    "application.user_membership": ("okta.app_users", "AppInstance"),
}


@pytest.mark.parametrize("prefix", list(_MOVES))
def test_the_log_explains_the_difference_of_snapshots(either: Company, prefix: str) -> None:
    table, kind = _MOVES[prefix]
    for before, after in itertools.pairwise(TICKS):
        net = Counter[str]()
        for event in either.store.between("okta.system_log", before + timedelta(milliseconds=1), after, "published"):
            if event["eventType"].startswith(prefix):
                target = {part["type"]: part["id"] for part in event["target"]}
                net[f"{target[kind]}/{target['User']}"] += 1 if event["eventType"].endswith("add") else -1
        held, now = set(either.store.keys_at(table, before)), set(either.store.keys_at(table, after))
        assert {key for key, n in net.items() if n == 1} == now - held
        assert {key for key, n in net.items() if n == -1} == held - now


def test_active_accounts_follow_the_log(either: Company) -> None:
    steps = {"user.lifecycle.create": 1, "user.lifecycle.reactivate": 1, "user.lifecycle.deactivate": -1}
    steps["user.lifecycle.delete.initiated"] = -1

    def active(when: datetime) -> int:
        return sum(row["status"] != "DEPROVISIONED" for row in either.at("okta.users", when))

    for before, after in itertools.pairwise(TICKS):
        events = either.store.between("okta.system_log", before + timedelta(milliseconds=1), after, "published")
        assert active(before) + sum(steps.get(event["eventType"], 0) for event in events) == active(after)


def workers(company: Company) -> list[tuple[str, str, datetime, datetime | None]]:
    """(person id, number, first instant, end) of every employment that HR showed at last."""
    found = []
    rows = defaultdict(list)
    for row in company.at("bamboohr.employment_status"):
        rows[row["employeeId"]].append(row)
    people = {row["id"]: row for row in company.at("bamboohr.employees")}
    for number, history in rows.items():
        zone, since = people[number]["_context"]["zone"], None
        for row in sorted(history, key=lambda r: r["date"]):
            day = datetime.fromisoformat(row["date"]).replace(tzinfo=UTC).date()
            if row["employmentStatus"] == "Terminated":
                found.append((f"bamboohr-us:{number}", number, since, end_of(day, zone)))
                since = None
            else:
                since = end_of(day - DAY, zone)
        if since:
            found.append((f"bamboohr-us:{number}", number, since, None))
    for row in company.at("hris_csv.workers"):
        zone = row["_context"]["zone"]
        day = datetime.fromisoformat(row["hired_on"]).replace(tzinfo=UTC).date()
        end = row["terminated_on"] if row["status"] != "rescinded" else None
        last = datetime.fromisoformat(end).replace(tzinfo=UTC).date() if end else None
        until = end_of(last, zone) if last else None
        found.append((f"hris-uk:{row['worker_id']}", row["worker_id"], end_of(day - DAY, zone), until))
    return found


def test_leavers_are_deactivated_within_a_business_day_and_silent(clean: Company) -> None:
    numbers = {row["profile"]["employeeNumber"]: row["id"] for row in clean.at("okta.users")}
    off = defaultdict(list)
    used = defaultdict(list)
    for event in clean.at("okta.system_log"):
        if event["eventType"] == "user.lifecycle.deactivate":
            off[event["target"][0]["id"]].append(instant(event["published"]))
        elif event["eventType"] in ("user.session.start", "user.authentication.sso"):
            used[event["actor"]["id"]].append(instant(event["published"]))
    left = [(number, end) for _, number, _, end in workers(clean) if end and PERIOD_START < end < PERIOD_END]
    assert len(left) > 5
    for number, end in left:
        account = numbers[number]
        assert any(end - DAY <= when <= end + timedelta(hours=1) for when in off[account])
        back = [since for _, n, since, _ in workers(clean) if n == number and since and since > end]
        assert not [when for when in used[account] if when > end and (not back or when < back[0])]


def test_hires_get_their_groups_on_the_first_day(clean: Company) -> None:
    numbers = {row["profile"]["employeeNumber"]: row["id"] for row in clean.at("okta.users")}
    rules = {row["rule_id"] for row in clean.at("registers.birthright_rules")}
    given = defaultdict(list)
    for event in clean.at("okta.system_log"):
        rule = event["debugContext"]["debugData"].get("triggeredByGroupRuleId")
        if event["eventType"] == "group.user_membership.add" and rule in rules:
            given[event["actor"]["id"], event["target"][0]["id"]].append(instant(event["published"]))
    hired = [(number, since) for _, number, since, _ in workers(clean) if since and PERIOD_START < since < PERIOD_END]
    assert len(hired) > 5
    for number, since in hired:
        found = given["okta.system", numbers[number]]
        assert len([when for when in found if since <= when < since + DAY]) == 2


def test_payroll_is_everybody_employed_in_the_month(either: Company) -> None:
    paid = defaultdict(set)
    for row in either.at("registers.payroll_register"):
        paid[row["pay_period"]].add(row["worker_id"])
    assert len(paid) == 13
    for before, after in itertools.pairwise(TICKS):
        month = f"{local_day(before):%Y-%m}"
        first, last = before - timedelta(minutes=30), min(after - timedelta(minutes=30), CUTOFF)
        employed = {
            person
            for person, _, since, end in workers(either)
            if since and since < last - timedelta(hours=20) and (end is None or end > first + timedelta(hours=20))
        }
        assert paid[month] == employed


def test_nobody_who_works_is_idle_for_long(clean: Company) -> None:
    last = defaultdict(lambda: PERIOD_START - 85 * DAY)
    longest: dict[str, timedelta] = defaultdict(timedelta)
    moments = [(event["actor"]["id"], event["published"]) for event in clean.at("okta.system_log")]
    moments += [
        (str(row["author"]["databaseId"]), row["submittedAt"]) for row in clean.at("github.pull_request_reviews")
    ]
    moments += [(str(row["author"]["databaseId"]), row["createdAt"]) for row in clean.at("github.pull_requests")]
    for who, text in sorted(moments, key=lambda pair: pair[1]):
        when = instant(text)
        longest[who] = max(longest[who], when - last[who]) if who in last else timedelta()
        last[who] = when
    people: set[str] = set()
    for tick in TICKS:  # those who were there all the time
        there = {str(row["id"]) for row in clean.at("github.members", tick)}
        there |= {row["id"] for row in clean.at("okta.users", tick) if row["status"] == "ACTIVE"}
        people = people & there if people else there
    quiet = {who for who in people if longest[who] > 88 * DAY or PERIOD_END - last[who] > 88 * DAY}
    emergency = {row["account_id"] for row in clean.at("registers.service_accounts") if row["kind"] == "break_glass"}
    assert quiet <= emergency


def test_granted_access_was_approved_before_by_the_manager(clean: Company) -> None:
    """Everything that a person gave to somebody is named by a request that was approved before."""
    approved = defaultdict(list)
    decided = {row["_context"]["issue_id"]: row for row in clean.at("jira.approvals")}
    for issue in clean.at("jira.issues"):
        decision = decided.get(issue["id"])
        if decision is None or decision["finalDecision"] != "approved":
            continue
        for name in issue["_context"]["entitlements"]:
            approved[issue["_context"]["beneficiary_email"], name].append(instant(decision["completedDate"]["iso8601"]))
    checked = 0
    for event in clean.store.between("okta.system_log", PERIOD_START, PERIOD_END, "published", LAST):
        if event["actor"]["type"] != "User" or not event["eventType"].endswith("membership.add"):
            continue
        target = {part["type"]: part for part in event["target"]}
        kind, part = ("group", "UserGroup") if "UserGroup" in target else ("app", "AppInstance")
        name = f"okta:{kind}:{target[part]['id']}"
        when = instant(event["published"])
        assert any(t <= when for t in approved[target["User"]["alternateId"], name]), event["uuid"]
        checked += 1
    assert checked > 10


# -- files --------------------------------------------------------------------------------------------------------


def test_files_show_what_was_known_at_the_tick(company: Company, tmp_path: Path) -> None:
    company.store.write_files(tmp_path, TICKS[0])
    first = (tmp_path / "registers" / "contractors.csv").read_text(encoding="utf-8").splitlines()
    company.store.write_files(tmp_path, LAST)
    last = (tmp_path / "registers" / "contractors.csv").read_text(encoding="utf-8").splitlines()
    assert first[0] == last[0]
    assert len(first) < len(last)
    assert sum("2027-03-31" in line for line in first) < sum("2027-03-31" in line for line in last)
    assert (tmp_path / "hris-uk" / "workers.csv").is_file()
    assert (tmp_path / "hris-uk" / "managers.csv").is_file()
