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
from ingestion.demo.registers import DISPOSITION, birthright_row, exception_id, person_account
from ingestion.demo.requests import DeskUser
from ingestion.demo.timeline import at, key_time, tick_after
from ingestion.demo.world import Row, World

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
    for n in range(1, 33):
        join(world, f"grantee {n}", department=OPERATIONS)
    for name, day in (("made by a stranger", date(2026, 3, 9)), ("made from HR", date(2026, 3, 10))):
        join(world, name, department=SUPPORT, hired=day)


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
    _again(world, g)
    _accounts(world, g)
    _provisioned(world)
    _decided(world)


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
    """A request that was approved, and cancelled two days later."""
    filed = at(date(2026, 5, 12), 10)
    asked = access.group_entitlements(g.groups[EXPORTS])
    ticket = access.request(world, g.next(), asked, filed, filed + _HOUR, summary=EXPORTS)
    ticket.cancelled = filed + timedelta(days=2)
    world.unused.append(ticket)


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
    world.rows.append(("delegations", key, at(date(2025, 12, 16), 12), None, row))
    key = g.case(at(date(2026, 1, 23), 15), at(date(2026, 1, 23), 14), person=person, approver=deputy)
    world.near_miss("LA-03.UNAUTHORISED_APPROVER", key, "Approved by the manager's registered delegate")
    person = g.next()
    boss = person.manager_on(date(2026, 3, 25))
    assert boss is not None
    row = {**row, "worker_id": boss.person_id, "valid_from": "2026-03-23", "valid_to": "2026-03-27"}
    key = f"{boss.person_id}/{deputy.person_id}/2026-03-23"
    world.rows.append(("delegations", key, at(date(2026, 4, 8), 12), None, row))
    key = g.case(at(date(2026, 3, 25), 15), at(date(2026, 3, 25), 14), person=person, approver=deputy)
    world.not_testable("LA-03.UNAUTHORISED_APPROVER", key, "By a delegate whom the register named two weeks later")


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


def _again(world: World, g: _Granter) -> None:
    """A request serves once, and an access that ran out is not saved by a later request."""
    when = at(date(2026, 1, 27), 15)
    person = g.next()
    key = g.case(when, when - _HOUR, person=person)
    world.near_miss("LA-03.NO_APPROVAL", key, "The grant for which the request was made")
    world.directory.remove(world.account(person), g.groups[EXPORTS], when + timedelta(days=14), g.actor)
    key = g.add(person, g.groups[EXPORTS], when + timedelta(days=60))
    world.planted("LA-03.NO_APPROVAL", key, "Given back and granted again, on a request of two months ago (E025)")
    person = g.next()
    key = g.case(when, when - _HOUR, person=person, expires_at=when + timedelta(days=30))
    later = when + timedelta(days=90)
    asked = access.group_entitlements(g.groups[EXPORTS])
    access.request(world, person, asked, later, later + _HOUR, summary=EXPORTS, done=later + 2 * _HOUR)
    world.planted("LA-03.EXPIRED_GRANT LA-03.EXCESS", key, "Two months after its expiry approved for good (E026)")


def _accounts(world: World, g: _Granter) -> None:
    """Accounts of systems that keep no log of them."""
    mailbox = next(u for u in world.desk.users if u.name == "IT Requests")
    key = f"jira-harbor:account/{mailbox.id}/{_first_seen(mailbox.since)}"
    world.planted("LA-03.NO_APPROVAL", key, "A mailbox got an account of the service desk without a request")
    person, filed = g.next(), at(date(2026, 7, 8), 10)
    asked = (f"jira:account:{person.email}",)
    access.request(world, person, asked, filed, filed + _HOUR, summary="Service desk", done=filed + timedelta(days=1))
    user = world.desk.user(filed + timedelta(days=1), person)
    key = f"jira-harbor:account/{user.id}/{_first_seen(user.since)}"
    world.not_testable("LA-03.LATE_APPROVAL", key, "Approved in the month in which the list first showed the account")
    membership = access.MEMBERSHIP.replace("github:", "github@github-harbor:")
    for named in (), (membership,):
        person, group = g.next(), g.groups[access.CODE]
        filed, granted = at(date(2026, 6, 29), 10), at(date(2026, 7, 14), 10)
        asked = (*named, *access.group_entitlements(group))
        access.request(world, person, asked, filed, filed + _HOUR, summary="Access to code", done=granted)
        world.directory.add(world.account(person), group, granted, g.actor)
        login = world.members.user(person)
        world.members.join(login, granted)
        key = f"github-harbor:account/{login.id}/{_first_seen(granted)}"
        if not named:
            world.planted("LA-03.NO_APPROVAL", key, "A member of the code host; the request names the directory only")
        else:
            world.near_miss("LA-03.NO_APPROVAL", key, "A member of the code host, approved a collection earlier")


def _first_seen(when: datetime) -> str:
    seen = tick_after(when)
    assert seen is not None
    return key_time(seen)


def _provisioned(world: World) -> None:
    """Accounts that a program made."""
    stranger: Record = {
        **access.HR_SYNC,
        "id": "0oaImportScript0000x7",
        "alternateId": "import",
        "displayName": "Import",
    }
    for name, actor in (("made by a stranger", stranger), ("made from HR", access.HR_SYNC)):
        person = world.cast[name]
        when = at(person.spells[0].hired_on, 7, 30)
        account, uuid = world.directory.create(when, actor, person=person)
        for group in access.birthright_groups(world, person, SUPPORT):
            world.directory.add(account, group, when + timedelta(seconds=2))
        key = f"okta-harbor:{uuid}/{account.id}"
        if actor is stranger:
            world.planted("LA-03.BIRTHRIGHT_INVALID", key, "Made by a program that no register knows (E023)")
        else:
            world.near_miss("LA-03.BIRTHRIGHT_INVALID", key, "Made from HR, by the integration that is registered")


def _decided(world: World) -> None:
    """What was decided about three of the exceptions."""
    found = {(a.rule_id, a.note): a.item for a in world.answers if a.kind == "planted" and isinstance(a.item, str)}
    expired = found["LA-03.EXPIRED_GRANT", "Removed ten days after its expiry (E026)"]
    first = exception_id("LA-03.EXPIRED_GRANT", expired)
    for rule, item, decision in (
        (
            "LA-03.NO_APPROVAL",
            found["LA-03.NO_APPROVAL", "Added to a group, no request exists (E025)"],
            {
                "disposition": "confirmed_deviation",
                "evidence": "Interview with the administrator, 2026-10-09",
                "root_cause": "Access asked for by telephone",
                "extent": "No other grant of that administrator was without a request",
                "remediation": "Access taken back; administrators were told to grant by request only",
                "due_on": "2026-11-30",
                "status": "in remediation",
            },
        ),
        (
            "LA-03.STALE_APPROVAL",
            found["LA-03.STALE_APPROVAL", "Granted 91 days after the approval"],
            {
                "disposition": "not_a_deviation",
                "evidence": "E-mail of the manager of the day before the grant, filed with the request",
                "justification": "The manager confirmed the request again before the access was granted",
                "status": "closed",
                "closed_at": "2026-10-14T15:00:00Z",
            },
        ),
        (
            "LA-03.EXCESS",
            expired,
            {"disposition": "duplicate", "evidence": f"The same grant as in {first}", "status": "closed"},
        ),
    ):
        row: Row = dict.fromkeys(DISPOSITION)
        row |= {"exception_id": exception_id(rule, item), "decided_at": "2026-10-12T14:00:00Z", **decision}
        row |= {"owner": world.lead(IT).person_id, "approved_by": world.lead("Finance").person_id}
        row["approved_at"] = "2026-10-14T14:00:00Z"
        world.rows.append(("dispositions", str(row["exception_id"]), at(date(2026, 10, 14), 12), None, row))
