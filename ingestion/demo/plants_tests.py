"""Planted violations of CM-02: code changes without a proper test, and those which only look so."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ingestion.demo.changes import LINT, TESTS, Check, Pull, Repository, RulesetVersion
from ingestion.demo.code import Planner
from ingestion.demo.members import WEB
from ingestion.demo.people import ENGINEERING
from ingestion.demo.plants_reviews import Planter
from ingestion.demo.registers import functional_row
from ingestion.demo.requests import Approval, Ticket
from ingestion.demo.timeline import PERIOD_START, at
from ingestion.demo.world import World

OTHER_APP = (99_417, "build-notifier")
_MINUTE = timedelta(minutes=1)
_UNTESTED_DAY = date(2026, 3, 11)
_EMPTIED = at(date(2026, 5, 20), 13)
_REGISTERED = datetime(2025, 3, 3, 14, tzinfo=PERIOD_START.tzinfo)


def prepare(world: World) -> None:
    """Keep everything but the plants out of the hour without checks and the day without a registered test."""
    world.blocked.append(("103", _EMPTIED, _EMPTIED + timedelta(hours=1)))
    world.blocked.append(("105", at(_UNTESTED_DAY), at(_UNTESTED_DAY + timedelta(days=1))))


def plant(world: World, planner: Planner) -> None:
    """All plants of the control."""
    p = Planter(world, planner)
    _required(world, p)
    _missing(world, p)
    _failed(world, p)
    _skipped(world, p)
    _afterwards(world, p)
    _elsewhere(world, p)
    _deployed(world, p)


def _by_hand(pull: Pull, *checks: Check) -> Pull:
    """Only these runs of the tests; the other required check passes on the last head."""
    assert pull.merge is not None
    last = len(pull.pushes) - 1
    lint = Check(last, pull.pushes[last].at + 3 * _MINUTE, LINT, minutes=2)
    pull.standard, pull.checks = frozenset(), [lint, *checks]
    return pull


def _end(pull: Pull) -> datetime:
    assert pull.merge is not None
    return pull.merge.at


def _bypassed(world: World, p: Planter, rules: str, pull: Pull, note: str) -> None:
    """A plant that the platform lets pass only by a bypass."""
    p.bypass(pull)
    world.planted(f"{rules} CM-01.BYPASS", pull, note)


def _required(world: World, p: Planter) -> None:
    """The set of required checks emptied for an hour, and a day on which no check was registered as a test."""
    repo = world.repositories["103"]
    by = world.login(world.admins[0].person)  # type: ignore[arg-type]
    full = repo.rules[0].checks
    _approved_before(world)
    repo.rules.append(RulesetVersion(_EMPTIED, by, (), repo.approvals))
    repo.rules.append(RulesetVersion(_EMPTIED + timedelta(hours=1), by, full, repo.approvals))
    created, lasts = _EMPTIED - timedelta(hours=3), timedelta(hours=3, minutes=30)
    pull = p.planner.pull(repo, created, lasts=lasts, title="Merge quickly", planted=True)
    note = (
        "Merged in the hour in which the list of required checks was empty; a ticket approved an earlier change (E062)"
    )
    world.planted("CM-02.NO_REQUIRED_TEST CM-02.CHECK_REMOVED", pull, note)
    lasts = timedelta(hours=4, minutes=1)
    later = p.planner.pull(repo, created, lasts=lasts, title="Merge later", planted=True)
    world.near_miss("CM-02.NO_REQUIRED_TEST", later, "Merged a minute after the checks were required again")
    _approved_removal(world, p)
    for since, until in (("2025-03-01", "2026-03-10"), ("2026-03-12", None)):
        row = functional_row("105", TESTS, since, until)
        world.rows.append(("functional_checks", f"105/{TESTS}/{since}", _REGISTERED, None, row))
    pull = p.pull("105", 3, 11, "Change the archive format")
    world.planted("CM-02.NO_REQUIRED_TEST", pull, "No required check was registered as a functional test on that day")


def _approved_before(world: World) -> None:
    """An approved change of the same rules, long before: its ticket approves nothing that follows."""
    repo = world.repositories["103"]
    start = at(date(2026, 3, 3), 10)
    repo.rules.append(RulesetVersion(start, repo.rules[0].by, repo.rules[0].checks, repo.approvals))
    _change_ticket(world, repo, "Tidy up the rules", start, start + timedelta(hours=1))


def _change_ticket(world: World, repo: Repository, title: str, start: datetime, done: datetime) -> None:
    """A ticket that names the repository's ruleset, approved the day before."""
    desk, by = world.desk.by_person, repo.rules[0].by
    world.desk.open(
        Ticket(
            "Change",
            title,
            start - timedelta(days=1),
            desk[by.person.person_id],  # type: ignore[union-attr]
            approvals=[Approval(desk[world.lead(ENGINEERING).person_id], start - timedelta(hours=20))],
            change_refs=[f"{WEB}/harbor-payroll/{repo.name}/rulesets/{9_000 + int(repo.id)}"],
            done=done,
        )
    )


def _approved_removal(world: World, p: Planter) -> None:
    repo = world.repositories["106"]
    by, full = repo.rules[0].by, repo.rules[0].checks
    start = at(date(2026, 6, 9), 10)
    repo.rules.append(RulesetVersion(start, by, full[:1], repo.approvals))
    repo.rules.append(RulesetVersion(start + timedelta(days=2), by, full, repo.approvals))
    _change_ticket(world, repo, "Replace the lint check", start, start + timedelta(days=2))
    pull = p.planner.pull(
        repo, start + timedelta(hours=2), lasts=timedelta(hours=4), title="Replace the linter", planted=True
    )
    world.near_miss("CM-02.CHECK_REMOVED", pull, "A required check was taken out for two days by an approved change")


def _missing(world: World, p: Planter) -> None:
    for repository, month in (("104", 10), ("101", 7)):
        pull = _by_hand(p.pull(repository, month, 16, "Skip the pipeline"))
        _bypassed(world, p, "CM-02.NO_CHECK", pull, "The tests never ran")
    queued = p.pull("103", 10, 20, "Change the retry time")
    queued.standard = frozenset({"merge"})
    world.near_miss("CM-02.NO_CHECK", queued, "Tested in the merge group only")


def _failed(world: World, p: Planter) -> None:
    red = p.pull("104", 11, 20, "Change the calendar")
    _by_hand(red, Check(0, red.created + 10 * _MINUTE, conclusion="FAILURE"))
    _bypassed(world, p, "CM-02.NOT_SUCCESS", red, "Merged with failing tests")
    worse = p.pull("105", 3, 18, "Change the partition")
    runs = [Check(0, worse.created + 10 * _MINUTE), Check(0, _end(worse) - 20 * _MINUTE, conclusion="FAILURE")]
    _by_hand(worse, *runs)
    _bypassed(world, p, "CM-02.NOT_SUCCESS", worse, "Green at first, red in the last run before the merge")
    better = p.pull("104", 11, 24, "Change the clock")
    _by_hand(
        better, Check(0, better.created + 10 * _MINUTE, conclusion="FAILURE"), Check(0, _end(better) - 20 * _MINUTE)
    )
    world.near_miss("CM-02.NOT_SUCCESS", better, "Red at first, green in the last run before the merge")


def _skipped(world: World, p: Planter) -> None:
    row = {
        "repository_id": "106",
        "check_name": TESTS,
        "path_prefix": "bank/",
        "approved_by_worker_id": world.lead(ENGINEERING).person_id,
        "approved_at": "2025-08-04T15:00:00Z",
        "valid_from": "2025-08-05",
        "valid_to": None,
    }
    world.rows.append(("path_rules", f"106/{TESTS}/bank//2025-08-05", _REGISTERED, None, row))
    for repository, month, conclusion, folder, note in (
        ("104", 12, "SKIPPED", "", "The required tests were skipped (E059)"),
        ("101", 6, "NEUTRAL", "", "The required tests ended neutral (E059)"),
        ("106", 2, "SKIPPED", "bank/", "Skipped, though the change touches a path that the tests are for"),
        ("106", 2, "SKIPPED", "docs/", ""),
    ):
        pull = p.pull(repository, month, 3, "Change what needs no test")
        for work in pull.pushes[0].works:
            work.folder = folder
        _by_hand(pull, Check(0, pull.created + 10 * _MINUTE, conclusion=conclusion))
        if note:
            world.planted("CM-02.SKIPPED_NEUTRAL", pull, note)
        else:
            world.near_miss("CM-02.SKIPPED_NEUTRAL", pull, "Skipped by an approved path rule: no such path is touched")


def _afterwards(world: World, p: Planter) -> None:
    late = p.pull("104", 5, 6, "Merge before the tests end")
    _by_hand(late, Check(0, _end(late) + 3 * _MINUTE, minutes=9))
    _bypassed(world, p, "CM-02.RERUN_AFTER", late, "The tests ended green only after the merge")
    red = p.pull("105", 8, 19, "Merge and try again")
    _by_hand(red, Check(0, _end(red) - 30 * _MINUTE, conclusion="FAILURE"), Check(0, _end(red) + 20 * _MINUTE))
    _bypassed(world, p, "CM-02.RERUN_AFTER CM-02.NOT_SUCCESS", red, "Merged red, green in a run after the merge")
    close = p.pull("104", 5, 7, "Merge when the tests end")
    _by_hand(close, Check(0, _end(close) - timedelta(seconds=1), minutes=9))
    world.near_miss("CM-02.RERUN_AFTER", close, "Green one second before the merge")


def _elsewhere(world: World, p: Planter) -> None:
    app = p.pull("104", 1, 7, "Report the tests by another app")
    _by_hand(app, Check(0, app.created + 10 * _MINUTE, app=OTHER_APP))
    _bypassed(world, p, "CM-02.WRONG_SHA CM-02.NO_CHECK", app, "A check of the same name by another app (E061)")
    old = p.pull("106", 4, 8, "Test the first half", second_push=True)
    _by_hand(old, Check(0, old.created + 10 * _MINUTE))
    _bypassed(world, p, "CM-02.WRONG_SHA CM-02.NO_CHECK", old, "Only an earlier commit of the request passed (E061)")
    fork = p.pull("104", 1, 8, "Contribute from a fork")
    fork.from_fork = True
    world.innocent("CM-02.WRONG_SHA", fork, "From a fork; the required app tested the head that was merged (E061)")
    drifted = p.pull("104", 7, 21, "Merge after the base moved on", lasts=timedelta(days=2))
    p.pull("104", 7, 22, "Move the base on")
    world.near_miss("CM-02.WRONG_SHA", drifted, "The base moved on between the tests and the merge")


def _deployed(world: World, p: Planter) -> None:
    pull = _by_hand(p.pull("104", 9, 22, "Deploy at once"))
    pull.standard = frozenset({"deploy"})
    _bypassed(world, p, "CM-02.DEPLOY_UNTESTED CM-02.NO_CHECK", pull, "Deployed to production, never tested")
    tested = p.pull("103", 9, 23, "Deploy after the queue")
    tested.standard = frozenset({"merge", "deploy"})
    world.near_miss("CM-02.DEPLOY_UNTESTED", tested, "Deployed; tested in the merge group only")
