"""How people get, change and lose access when everything goes right."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion.demo.changes import Repository
from ingestion.demo.directory import SYSTEM, Account, App, Group, Record
from ingestion.demo.people import DEPARTMENTS, ENGINEERING, IT, OPERATIONS, Person
from ingestion.demo.requests import Approval, DeskUser, Ticket
from ingestion.demo.timeline import (
    CUTOFF,
    PERIOD_FIRST,
    at,
    business_day,
    end_of,
    local_day,
    office_hour,
    tick_after,
)
from ingestion.demo.world import World

BEGIN = datetime.fromisoformat("2025-03-03T14:00:00+00:00")
"""When the directory came into use."""
HR_SYNC: Record = {
    "id": "0oaBambooHRsync000x7",
    "type": "PublicClientApp",
    "alternateId": "bamboohr-sync",
    "displayName": "BambooHR provisioning",
}
ALL_STAFF, CONTRACTORS, CODE, CONSOLE, REPORTS, CLOUD = (
    "All Staff",
    "Contractors",
    "GitHub Users",
    "Payroll Console Operators",
    "Payroll Reports",
    "AWS Production Read",
)
CLOUD_ADMIN = "AWS Production Admin"
REQUESTED = (CONSOLE, REPORTS, CLOUD)
GITHUB, JIRA = "GitHub Enterprise Cloud", "Jira"
MEMBERSHIP = "github:organization_role:member"


def department_group(department: str) -> str:
    """Name of a department's group."""
    return f"Dept {department}"


def open_directory(world: World) -> None:
    """Applications, groups and group rules."""
    d = world.directory
    staff = d.app("bamboohr", "BambooHR", BEGIN)
    github, jira = d.app("githubcloud", GITHUB, BEGIN), d.app("jira_onprem", JIRA, BEGIN)
    console = d.app("harbor_console", "Harbor Payroll Console", BEGIN)
    reports = d.app("harbor_reports", "Harbor Payroll Reports", BEGIN)
    cloud = d.app("amazon_aws_sso", "AWS IAM Identity Center", BEGIN)
    d.group(ALL_STAFF, BEGIN, [staff], ("worker_type", "employee"))
    d.group(CONTRACTORS, BEGIN, [], ("worker_type", "contractor"))
    for department in (*DEPARTMENTS, "Executive"):
        apps = [jira] if department in (ENGINEERING, IT) else []
        d.group(department_group(department), BEGIN, apps, ("department", department))
    d.group("Jira Approvers", BEGIN, [jira])
    d.group(CODE, BEGIN, [github])
    d.group(CONSOLE, BEGIN, [console], is_privileged=True)
    d.group(REPORTS, BEGIN, [reports])
    d.group(CLOUD, BEGIN, [cloud])
    d.group(CLOUD_ADMIN, BEGIN, [cloud], is_privileged=True)


def birthright_groups(world: World, person: Person, department: str) -> list[Group]:
    """Groups which group rules give to a worker."""
    groups = world.directory.groups
    if person.source == "contractor":
        return [groups[CONTRACTORS]]
    return [groups[ALL_STAFF], groups[department_group(department)]]


def settle(world: World) -> None:
    """Everybody who was there before the period, with what they had."""
    rng = world.ids.stream("settle")
    for person in world.company.people:
        if person.spells[0].hired_on < PERIOD_FIRST and person.in_directory:
            first = at(person.spells[0].hired_on, 7, 30, zone=person.zone)
            enter(world, person, max(BEGIN, first) + timedelta(seconds=rng.randrange(3000)))
    admins = [p for p in world.company.people if p.department == IT and p.stays and not p.title.startswith("VP")][:3]
    for n, person in enumerate(admins):
        account = world.account(person)
        world.directory.grant_role(
            account, "SUPER_ADMIN" if n < 2 else "HELP_DESK_ADMIN", BEGIN + timedelta(days=9), SYSTEM
        )
        world.admins.append(account)
    github = BEGIN + timedelta(days=10)
    for person in world.company.people:
        if person.spells[0].hired_on >= PERIOD_FIRST or person.source == "contractor":
            continue
        joined = max(github, world.account(person).created + timedelta(days=1))
        if person.is_manager:
            join_desk(world, person, joined, by_group=True)
        if person.is_engineer:
            join_code(world, person, joined)
        if person.department == OPERATIONS and rng.random() < 0.5:
            world.directory.add(world.account(person), world.directory.groups[CONSOLE], joined, administrator(world))
    for person in admins[:2]:
        join_code(world, person, github, role="admin", owner=True)


def enter(world: World, person: Person, when: datetime) -> tuple[Account, str]:
    """Account and birthright groups on the first day; returns the account and the uuid of its creation."""
    account, uuid = world.directory.create(when, HR_SYNC, person=person)
    for n, group in enumerate(birthright_groups(world, person, person.department_on(local_day(when, person.zone))), 1):
        world.directory.add(account, group, when + timedelta(seconds=2 * n))
    if person.department in (ENGINEERING, IT):
        join_desk(world, person, when + timedelta(seconds=6))
    return account, uuid


def join_desk(world: World, person: Person, when: datetime, *, by_group: bool = False) -> DeskUser:
    """An account of the service desk, provisioned through the directory."""
    group = world.directory.groups["Jira Approvers"]
    if by_group and person.person_id not in world.desk.by_person:
        world.directory.add(world.account(person), group, when, administrator(world))
    return world.desk.by_person.get(person.person_id) or world.desk.user(when, person)


def repositories_of(world: World, person: Person) -> list[Repository]:
    """The two repositories of an engineer's team."""
    everything = list(world.repositories.values())
    n = int(person.worker_id.removeprefix("UK").removeprefix("C-"))
    own = [everything[n % len(everything)], everything[(n // 2 + n + 1) % len(everything)]]
    return own[:1] if own[0] is own[1] else own


def join_code(
    world: World,
    person: Person,
    when: datetime,
    role: str = "write",
    *,
    owner: bool = False,
    actor: Record | None = None,
    repositories: list[Repository] | None = None,
) -> None:
    """An account of the code host with its permissions, provisioned through the directory."""
    world.directory.add(world.account(person), world.directory.groups[CODE], when, actor or administrator(world))
    login = world.members.user(person)
    world.members.join(login, when, "admin" if owner else "member")
    targets = list(world.repositories.values()) if owner else repositories_of(world, person)
    for repository in repositories if repositories is not None else targets:
        role_here = "maintain" if person.is_manager and role == "write" else role
        world.members.grant(login, repository.id, role_here, when)
    if login.id % 3 == 0:
        world.members.credential(
            login, "personal access token" if login.id % 2 else "SSH key", when + timedelta(days=1)
        )


def administrator(world: World, n: int = 0) -> Record:
    """An administrator of the directory as the actor of an event."""
    return world.admins[n % len(world.admins)].actor(BEGIN) if world.admins else SYSTEM


def leave(world: World, person: Person, when: datetime) -> None:
    """Take all accounts of a person away at one instant."""
    account = world.directory.by_person.get(person.person_id)
    if account is not None and account.status_at(when) != "DEPROVISIONED":
        world.directory.deactivate(account, when, HR_SYNC)
    if person.person_id in world.members.by_person:
        world.members.leave(world.login(person), when)
    user = world.desk.by_person.get(person.person_id)
    if user is not None:
        user.until = when


def request(
    world: World,
    person: Person,
    entitlements: tuple[str, ...],
    filed: datetime,
    approved: datetime | None,
    *,
    approver: Person | DeskUser | None = None,
    summary: str = "Access",
    expires_at: datetime | None = None,
    done: datetime | None = None,
    decision: str = "approved",
) -> Ticket:
    """A request for access, approved (or declined) by the manager of the day unless somebody else is given."""
    boss = approver or (person.sponsors[-1][1] if person.sponsors else person.manager_on(local_day(filed)))
    assert boss is not None
    by = boss if isinstance(boss, DeskUser) else world.desk.by_person[boss.person_id]
    service = world.desk.by_person[world.admins[-1].person.person_id]  # type: ignore[union-attr]
    return world.desk.open(
        Ticket(
            "Access request",
            f"{summary} for {person.name}",
            filed,
            service,
            beneficiary=person,
            entitlements=entitlements,
            approvals=[Approval(by, approved, decision)],
            expires_at=expires_at,
            done=done,
            done_by=service,
        )
    )


def group_entitlements(group: Group) -> tuple[str, ...]:
    """What a request for a group asks for: the group and the applications that it gives."""
    return (f"okta:group:{group.id}", *(f"okta:app:{app.id}" for app in group.apps))


def permission_entitlement(repository_id: str, role: str) -> str:
    """What a request for a repository permission asks for."""
    return f"github:repository_permission:{repository_id}/{role}"


def run(world: World) -> None:
    """The period: hires, requests, transfers, ends of employment."""
    for person in world.company.people:
        _hire(world, person)
    for person in world.company.people:
        _transfer(world, person)
    _requests(world)
    for person in world.company.people:
        _end(world, person)


def _hire(world: World, person: Person) -> None:
    spell = person.spells[0]
    if spell.hired_on < PERIOD_FIRST or person.planted:
        return
    rng = world.ids.stream("hire")
    enter(world, person, at(spell.hired_on, 7, 30, zone=person.zone) + timedelta(seconds=rng.randrange(3000)))
    if person.is_engineer:
        code_request(world, person)


def code_request(world: World, person: Person, approver: Person | None = None) -> tuple[Ticket, datetime]:
    """Access to code for a new engineer: approved in one month, granted after the next collection."""
    rng = world.ids.stream("hire")
    hired = person.spells[0].hired_on
    filed = office_hour(rng, business_day(hired, 1, person.calendar), person.zone, 10, 12)
    approved = filed + timedelta(hours=rng.randrange(2, 5))
    tick = tick_after(approved)
    assert tick is not None
    granted = office_hour(rng, business_day(local_day(tick), 1), person.zone)
    asked = (*group_entitlements(world.directory.groups[CODE]), MEMBERSHIP)
    role = "maintain" if person.is_manager else "write"
    asked += tuple(permission_entitlement(r.id, role) for r in repositories_of(world, person))
    ticket = request(world, person, asked, filed, approved, approver=approver, summary="Access to code", done=granted)
    join_code(world, person, granted)
    return ticket, granted


def _transfer(world: World, person: Person) -> None:
    """Group rules follow a change of department; requested groups end with the old job."""
    for (_, before, _), (day, after, _) in zip(person.jobs, person.jobs[1:], strict=False):
        if before == after:
            continue
        account = world.account(person)
        when = at(day, 7, 45, zone=person.zone)
        for name in (department_group(before), *REQUESTED):
            if any(held.until is None for held in account.groups.get(world.directory.groups[name].id, [])):
                world.directory.remove(account, world.directory.groups[name], when)
        world.directory.add(account, world.directory.groups[department_group(after)], when + timedelta(seconds=5))


def _requests(world: World) -> None:
    """Requests of people who stay, spread over the year; some temporary, some given back."""
    rng = world.ids.stream("requests")
    people = [p for p in world.company.people if p.stays and p.managers and p.department != IT and not p.is_manager]
    for person in rng.sample(people, min(len(people), max(10, round(len(people) * 0.45)))):
        account = world.account(person)
        group = world.directory.groups[rng.choice(REQUESTED)]
        if account.groups.get(group.id) or world.directory.apps["AWS IAM Identity Center"].id in account.apps:
            continue
        day = business_day(PERIOD_FIRST + timedelta(days=rng.randrange(3, 340)), 0, person.calendar)
        filed = office_hour(rng, day, person.zone, 9, 14)
        approved = filed + timedelta(minutes=rng.randrange(20, 180))
        granted = approved + timedelta(minutes=rng.randrange(5, 40 * 60))
        temporary = rng.random() < 0.25
        expires = granted + timedelta(days=30) if temporary else None
        request(
            world,
            person,
            group_entitlements(group),
            filed,
            approved,
            summary=group.name,
            expires_at=expires,
            done=granted,
        )
        actor = administrator(world, rng.randrange(3))
        world.directory.add(account, group, granted, actor)
        if expires is not None:
            world.directory.remove(account, group, expires - timedelta(hours=rng.randrange(2, 30)), actor)


def _end(world: World, person: Person) -> None:
    """Everything is taken away on the last day; a rehire gets it back by group rules."""
    rng = world.ids.stream("end")
    for n, spell in enumerate(person.spells):
        if spell.terminated_on is None or person.planted or end_of(spell.terminated_on) > CUTOFF:
            continue
        if spell.instant is not None:
            when = spell.instant + timedelta(minutes=rng.randrange(5, 100))
        elif spell.involuntary:
            when = office_hour(rng, spell.terminated_on, person.zone, 12, 17)
        else:
            when = at(spell.terminated_on, 17, rng.randrange(60), rng.randrange(60), person.zone)
        leave(world, person, when)
        if n + 1 < len(person.spells):
            rehire(world, person, at(person.spells[n + 1].hired_on, 7, 40, zone=person.zone))


def rehire(world: World, person: Person, when: datetime) -> None:
    """The same account is activated again."""
    account = world.account(person)
    world.directory.status(account, "ACTIVE", when, "reactivate", HR_SYNC)
    for n, group in enumerate(birthright_groups(world, person, person.department_on(local_day(when, person.zone))), 1):
        world.directory.add(account, group, when + timedelta(seconds=2 * n))


def app_of(world: World, label: str) -> App:
    """An application by its label."""
    return world.directory.apps[label]
