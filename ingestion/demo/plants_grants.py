"""Planted violations of LA-03: access granted without a proper approval, and grants which only look so."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ingestion.demo import access
from ingestion.demo.changes import Repository
from ingestion.demo.directory import Account, Group, Record
from ingestion.demo.machines import register_service
from ingestion.demo.members import Login
from ingestion.demo.people import IT, OPERATIONS, SUPPORT, Person
from ingestion.demo.plants_leavers import join
from ingestion.demo.registers import birthright_row, person_account
from ingestion.demo.requests import DeskUser
from ingestion.demo.timeline import at, key_time, tick_after
from ingestion.demo.world import World

EXPORTS, TREASURY, LEGACY = "Payroll Exports", "Treasury Approvers", "Dept Legacy Payroll"
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_DISMISSED = at(date(2026, 4, 14), 10)


def prepare(world: World) -> None:
    """Groups without applications, so that a grant is one event, and the people who get into them."""
    d = world.directory
    d.group(EXPORTS, access.BEGIN)
    d.group(TREASURY, access.BEGIN, is_privileged=True).owner = "Finance"
    legacy = d.group(LEGACY, access.BEGIN)
    legacy.rule_id = world.ids.okta("0pr")
    boss = join(world, "manager who was dismissed", department=SUPPORT)
    boss.is_manager, boss.title = True, "Customer Support Manager"
    boss.jobs = [(boss.jobs[0][0], SUPPORT, boss.title)]
    world.company.terminate(boss, date(2026, 4, 14), involuntary=True, instant=_DISMISSED)
    following = world.company.bosses[SUPPORT][0]
    for name in ("report of the dismissed", "other report of the dismissed"):
        report = join(world, name, department=SUPPORT)
        report.managers = [(report.managers[0][0], boss), (date(2026, 4, 20), following)]
        report.jobs.append((date(2026, 4, 20), SUPPORT, report.title))
    for n in range(1, 27):
        join(world, f"grantee {n}", department=OPERATIONS)


class _Granter:
    """Hands out the grantees one by one; each has one request and one grant."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.groups = world.directory.groups
        self.actor: Record = world.admins[1].actor(access.BEGIN)
        self._n = 0

    def next(self) -> Person:
        """The next grantee."""
        self._n += 1
        return self.world.cast[f"grantee {self._n}"]

    def add(self, person: Person, group: Group, when: datetime, actor: Record | None = None) -> str:
        """Add a person to a group by an administrator; returns the grant's item key."""
        return self.add_account(self.world.account(person), group, when, actor)

    def add_account(self, account: Account, group: Group, when: datetime, actor: Record | None = None) -> str:
        """Add an account to a group by an administrator; returns the grant's item key."""
        uuid = self.world.directory.add(account, group, when, actor or self.actor)
        return f"okta-harbor:{uuid}/{group.id}"

    def case(
        self,
        granted: datetime,
        approved: datetime | None,
        *,
        group: str = EXPORTS,
        person: Person | None = None,
        approver: Person | DeskUser | None = None,
        decision: str = "approved",
        expires_at: datetime | None = None,
        actor: Record | None = None,
    ) -> str:
        """A request of a day before (or of an hour before its approval) and its grant; returns the item key."""
        person = person or self.next()
        filed = min(granted, approved or granted) - timedelta(hours=5)
        access.request(
            self.world,
            person,
            access.group_entitlements(self.groups[group]),
            filed,
            approved,
            approver=approver,
            summary=group,
            expires_at=expires_at,
            done=max(granted, approved or granted),
            decision=decision,
        )
        return self.add(person, self.groups[group], granted, actor)


def plant(world: World) -> None:
    """All plants of the control."""
    g = _Granter(world)
    _without(world, g)
    _by_oneself(world, g)
    _by_others(world, g)
    _by_the_dismissed(world, g)
    _when(world, g)
    _by_rule(world, g)
    _beyond(world)
    _temporary(world, g)
    _both_hands(world, g)


def _without(world: World, g: _Granter) -> None:
    key = g.add(g.next(), g.groups[EXPORTS], at(date(2025, 11, 5), 15))
    world.planted("LA-03.NO_APPROVAL", key, "Added to a group, no request exists (E025)")
    key = g.case(at(date(2026, 1, 13), 15), None)
    world.planted("LA-03.NO_APPROVAL", key, "The request still waits for its approval")
    key = g.case(at(date(2026, 2, 10), 15), at(date(2026, 2, 10), 14), decision="declined")
    world.planted("LA-03.NO_APPROVAL", key, "The request was declined, and granted all the same")
    person, app = g.next(), access.app_of(world, "Harbor Payroll Reports")
    uuid = world.directory.assign(world.account(person), app, at(date(2026, 3, 17), 15), g.actor)
    world.planted("LA-03.NO_APPROVAL", f"okta-harbor:{uuid}/{app.id}", "An application assigned without a request")
    uuid = world.directory.grant_role(world.account(g.next()), "HELP_DESK_ADMIN", at(date(2026, 3, 18), 15), g.actor)
    world.planted(
        "LA-03.NO_APPROVAL", f"okta-harbor:{uuid}/HELP_DESK_ADMIN", "An administrator's role without a request"
    )
    key = g.add_account(world.strays["trial.account@harbor.example"], g.groups[EXPORTS], at(date(2026, 3, 19), 15))
    world.not_testable("LA-03.NO_APPROVAL", key, "Nobody knows whose account got the access")
    login, repository = _newcomer(world, 0)
    granted = at(date(2026, 2, 12), 11)
    world.members.grant(login, repository.id, "write", granted)
    key = _github_key(login, repository, granted)
    world.planted("LA-03.NO_APPROVAL", key, "Permission on a repository without a request")
    key = g.case(at(date(2025, 11, 6), 15), at(date(2025, 11, 6), 14))
    world.near_miss("LA-03.NO_APPROVAL", key, "Requested and approved by the manager an hour before")
    _unused(world, g)


def _unused(world: World, g: _Granter) -> None:
    """A request that was approved and never carried out."""
    filed = at(date(2026, 5, 12), 10)
    asked = access.group_entitlements(g.groups[EXPORTS])
    world.unused.append(access.request(world, g.next(), asked, filed, filed + _HOUR, summary=EXPORTS))


def _newcomer(world: World, n: int) -> tuple[Login, Repository]:
    """An engineer who stays, and a repository that is not theirs."""
    for person in world.company.people:
        if person.is_engineer and person.stays and not person.is_manager and person.source == "bamboohr":
            login = world.login(person)
            foreign = [r for r in world.repositories.values() if r.id not in login.grants and r.id != "104"]
            if foreign and n == 0:
                return login, foreign[0]
            n -= bool(foreign)
    raise ValueError("the company has too few engineers")


def _github_key(login: Login, repository: Repository, granted: datetime) -> str:
    seen = tick_after(granted)
    assert seen is not None
    return f"github-harbor:{repository.id}/{login.id}/{key_time(seen)}"


def _by_oneself(world: World, g: _Granter) -> None:
    when = at(date(2025, 12, 3), 15)
    lead = world.lead(IT)
    key = g.case(when, when - _HOUR, person=lead, approver=lead)
    world.planted("LA-03.SELF_APPROVED", key, "The owner of the group approved their own access")
    chief = world.lead("Finance")
    second = world.desk.user(at(date(2025, 5, 5), 9), email="finance.office@harbor.example", name="Finance Office")
    row = person_account("jira", "jira-harbor", second.id, chief.person_id, "2025-05-05")
    world.rows.append(
        ("person_accounts", f"jira/jira-harbor/{second.id}/2025-05-05", at(date(2025, 5, 5), 9), None, row)
    )
    key = g.case(when + _HOUR, when, group=TREASURY, person=chief, approver=second)
    world.planted("LA-03.SELF_APPROVED", key, "Approved through the beneficiary's second account (E020)")
    key = g.case(when + 2 * _HOUR, when, approver=lead)
    world.near_miss("LA-03.SELF_APPROVED", key, "The owner of the group approved somebody else's access")


def _by_others(world: World, g: _Granter) -> None:
    when = at(date(2026, 1, 21), 15)
    key = g.case(when, when - _HOUR, approver=world.company.bosses["Sales"][0])
    world.planted("LA-03.UNAUTHORISED_APPROVER", key, "Approved by the manager of another department")
    engineer = next(p for p in world.company.people if p.is_engineer and p.stays and not p.is_manager)
    key = g.case(when + timedelta(days=1), when + timedelta(days=1) - _HOUR, approver=engineer)
    world.planted("LA-03.UNAUTHORISED_APPROVER", key, "Approved by an engineer of another team")
    mailbox = world.desk.user(at(date(2026, 8, 5), 9), email="it.requests@harbor.example", name="IT Requests")
    register_service(
        world, "jira", "jira-harbor", mailbox.id, "shared", world.lead(IT), "Mailbox of the service desk", mailbox.since
    )
    asked = at(date(2026, 8, 12), 14)
    key = g.case(asked + _HOUR, asked, approver=mailbox)
    world.planted("LA-03.UNAUTHORISED_APPROVER", key, "Approved by a shared mailbox (E022)")
    person = g.next()
    boss, deputy = person.manager_on(date(2026, 1, 23)), world.company.bosses["Finance"][0]
    assert boss is not None
    row: dict[str, str | None] = {
        "worker_id": boss.person_id,
        "delegate_worker_id": deputy.person_id,
        "scope": "access requests",
        "valid_from": "2026-01-19",
        "valid_to": "2026-01-30",
    }
    key = f"{boss.person_id}/{deputy.person_id}/2026-01-19"
    world.rows.append(("delegations", key, at(date(2026, 1, 16), 12), None, row))
    key = g.case(at(date(2026, 1, 23), 15), at(date(2026, 1, 23), 14), person=person, approver=deputy)
    world.near_miss("LA-03.UNAUTHORISED_APPROVER", key, "Approved by the manager's registered delegate")


def _by_the_dismissed(world: World, g: _Granter) -> None:
    boss = world.cast["manager who was dismissed"]
    one, other = world.cast["report of the dismissed"], world.cast["other report of the dismissed"]
    late, early = _DISMISSED + timedelta(minutes=90), _DISMISSED - _HOUR
    key = g.case(late + _HOUR, late, person=one, approver=boss)
    world.planted("LA-03.APPROVER_INACTIVE", key, "Approved an hour and a half after the approver's dismissal (E022)")
    key = g.case(late + _HOUR, early, person=other, approver=boss)
    world.near_miss("LA-03.APPROVER_INACTIVE", key, "Approved an hour before the approver's dismissal")
    access.leave(world, boss, _DISMISSED + timedelta(hours=2))


def _when(world: World, g: _Granter) -> None:
    when = at(date(2026, 2, 18), 12)
    key = g.case(when, when + _HOUR)
    world.planted("LA-03.LATE_APPROVAL", key, "Approved an hour after the grant (E019)")
    key = g.case(when, when + timedelta(days=2), group=TREASURY)
    world.planted("LA-03.LATE_APPROVAL", key, "Privileged, approved two days after the grant (E019)")
    key = g.case(when, when - _MINUTE)
    world.near_miss("LA-03.LATE_APPROVAL", key, "Approved a minute before the grant")
    asked = at(date(2025, 11, 18), 11)
    key = g.case(asked + timedelta(days=91), asked)
    world.planted("LA-03.STALE_APPROVAL", key, "Granted 91 days after the approval")
    key = g.case(asked + timedelta(days=89), asked)
    world.near_miss("LA-03.STALE_APPROVAL", key, "Granted 89 days after the approval")


def _by_rule(world: World, g: _Granter) -> None:
    finance = g.groups[access.department_group("Finance")]
    uuid = world.directory.add(world.account(g.next()), finance, at(date(2026, 3, 3), 8))
    note = "The group rule of another department's group (E023)"
    world.planted("LA-03.BIRTHRIGHT_INVALID", f"okta-harbor:{uuid}/{finance.id}", note)
    legacy = g.groups[LEGACY]
    assert legacy.rule_id is not None
    row = birthright_row(world, legacy.rule_id, "1", "group", legacy.id, ("department", OPERATIONS))
    ended = {**row, "active_to": "2026-01-01T05:00:00Z"}
    retired = at(date(2025, 12, 30), 16)
    key = f"{legacy.rule_id}/1"
    world.rows.append(("birthright_rules", key, access.BEGIN, retired, row))
    world.rows.append(("birthright_rules", key, retired, None, ended))
    uuid = world.directory.add(world.account(g.next()), legacy, at(date(2026, 1, 6), 8))
    note = "By a version of a group rule that was no longer active (E023)"
    world.planted("LA-03.BIRTHRIGHT_INVALID", f"okta-harbor:{uuid}/{legacy.id}", note)
    uuid = world.directory.add(world.account(g.next()), legacy, at(date(2025, 12, 31), 20))
    world.near_miss("LA-03.BIRTHRIGHT_INVALID", f"okta-harbor:{uuid}/{legacy.id}", "Four hours before the rule ended")


def _beyond(world: World) -> None:
    """More than was approved: on the code host, where the role differs from the one approved."""
    for n, role in ((1, "maintain"), (2, "write")):
        login, repository = _newcomer(world, n)
        assert login.person is not None
        filed = at(date(2026, 5, 26), 10)
        asked = (access.permission_entitlement(repository.id, "write"),)
        granted = at(date(2026, 6, 3), 11)
        access.request(world, login.person, asked, filed, filed + _HOUR, summary=repository.name, done=granted)
        world.members.grant(login, repository.id, role, granted)
        key = _github_key(login, repository, granted)
        if role == "maintain":
            world.planted("LA-03.EXCESS", key, "Approved to write, granted to maintain")
        else:
            world.near_miss("LA-03.EXCESS", key, "Approved to write, granted to write")


def _temporary(world: World, g: _Granter) -> None:
    when = at(date(2026, 4, 7), 15)
    expires = when + timedelta(days=30)
    for removed, note in (
        (expires + timedelta(days=10), "Removed ten days after its expiry (E026)"),
        (None, "Never removed (E026)"),
        (expires - _MINUTE, ""),
    ):
        person = g.next()
        key = g.case(when, when - _HOUR, person=person, expires_at=expires)
        if removed:
            world.directory.remove(world.account(person), g.groups[EXPORTS], removed, g.actor)
        if note:
            world.planted("LA-03.EXPIRED_GRANT LA-03.EXCESS", key, note)
        else:
            world.near_miss("LA-03.EXPIRED_GRANT", key, "Removed a minute before its expiry")


def _both_hands(world: World, g: _Granter) -> None:
    lead = world.lead(IT)
    when = at(date(2026, 6, 24), 15)
    key = g.case(when, when - _HOUR, approver=lead, actor=world.account(lead).actor(when))
    world.planted("LA-03.APPROVER_IS_IMPLEMENTER", key, "The owner approved the request and made the grant")
    key = g.case(when, when - _HOUR, approver=lead)
    world.near_miss("LA-03.APPROVER_IS_IMPLEMENTER", key, "The owner approved, an administrator made the grant")
