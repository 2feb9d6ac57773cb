"""Accounts that are not one person's, and how everybody signs in."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ingestion.demo.access import BEGIN, CODE, HR_SYNC, administrator
from ingestion.demo.directory import SYSTEM, Account
from ingestion.demo.people import ENGINEERING, IT, Person
from ingestion.demo.requests import Approval, Ticket
from ingestion.demo.timeline import CUTOFF, PERIOD_START, at, business_day, local_day, office_hour
from ingestion.demo.world import World


def service_accounts(world: World) -> None:
    """Accounts of programs, the emergency account, and their owners."""
    owner = world.lead(IT)
    for name, kind, purpose in (
        ("svc-bamboohr-sync", "service", "Provisioning from HR"),
        ("svc-payroll-etl", "service", "Nightly payroll extracts"),
        ("svc-status-page", "service", "Status page"),
        ("breakglass-01", "break_glass", "Emergency administration, tested every other month"),
        ("breakglass-02", "break_glass", "Emergency administration"),
        ("frontdesk", "shared", "Reception desk"),
    ):
        account, _ = world.directory.create(
            BEGIN, SYSTEM, login=f"{name}@harbor.example", name=(name, ""), user_type="Service"
        )
        world.service_accounts[name] = account
        register_service(world, "okta", "okta-harbor", account.id, kind, owner, purpose)
    for name in ("breakglass-01", "breakglass-02"):
        world.service_accounts[name].quiet = True
        world.directory.grant_role(world.service_accounts[name], "SUPER_ADMIN", BEGIN, SYSTEM)
    register_service(
        world, "okta", "okta-harbor", HR_SYNC["id"], "service", owner, "Provisioning from HR: the integration"
    )
    for name in ("svc-bamboohr-sync", "svc-payroll-etl"):
        world.directory.token(world.service_accounts[name], f"{name}-token", BEGIN)


def machine_accounts(world: World) -> None:
    """The release account, which signs in through the directory, and the apps that act on the code host."""
    owner = world.lead(ENGINEERING)
    account, _ = world.directory.create(
        BEGIN, SYSTEM, login="svc-release@harbor.example", name=("svc-release", ""), user_type="Service"
    )
    register_service(world, "okta", "okta-harbor", account.id, "service", owner, "Releases")
    joined = BEGIN + timedelta(days=10)
    world.directory.add(account, world.directory.groups[CODE], joined, administrator(world))
    login = world.members.user(login="harbor-release")
    login.commit_name, login.commit_email = "Harbor release", account.login
    world.members.join(login, joined, email=account.login)
    world.members.grant(login, "101", "write", joined)
    world.bots["harbor-release"] = login
    for bot in world.bots.values():
        register_service(world, "github", "github-harbor", str(bot.id), "bot", owner, bot.login)


def emergency_tests(world: World) -> None:
    """Every other month the emergency account is tried out, by an approved request."""
    account = world.service_accounts["breakglass-01"]
    desk = world.desk.by_person
    service = desk[world.admins[-1].person.person_id]  # type: ignore[union-attr]
    owner = desk[world.lead(IT).person_id]
    for n in range(7):
        when = at(business_day(date(2025 + (9 + 2 * n) // 12, (9 + 2 * n) % 12 + 1, 14), 0), 10)
        approval = Approval(owner, when - timedelta(minutes=45))
        filed, done = when - timedelta(hours=3), when + timedelta(hours=1)
        asked = (f"okta:account:{account.id}",)
        summary = "Try the emergency account"
        ticket = Ticket("Access request", summary, filed, service, entitlements=asked, approvals=[approval], done=done)
        world.desk.open(ticket)
        world.directory.login(account, when)


def register_service(
    world: World,
    system: str,
    instance: str,
    account_id: str,
    kind: str,
    owner: Person,
    purpose: str,
    since: datetime = BEGIN,
) -> None:
    """A line of the register of service accounts."""
    row = {
        "system": system,
        "instance": instance,
        "account_id": account_id,
        "registered_on": local_day(since).isoformat(),
        "kind": kind,
        "owner_worker_id": owner.person_id,
        "purpose": purpose,
        "valid_to": None,
    }
    key = f"{system}/{instance}/{account_id}/{row['registered_on']}"
    world.rows.append(("service_accounts", key, since, None, row))


def sign_ins(world: World) -> None:
    """People sign in every other week, and once a month to the applications that matter."""
    rng = world.ids.stream("sign-ins")
    apps = {app.id: app for label, app in world.directory.apps.items() if label != "BambooHR"}
    begin = PERIOD_START - timedelta(days=85)
    for account in world.directory.accounts:
        if account.quiet:
            continue
        zone = account.person.zone if account.person else "America/New_York"
        day = local_day(max(account.created, begin), zone)
        turn = 0
        while at(day, zone=zone) < CUTOFF:
            when = office_hour(rng, day, zone, 9, 12)
            if turn == 0:
                when = max(when, account.created + timedelta(minutes=30))
            if _may_sign_in(account, when):
                world.directory.login(account, when)
                for app_id in account.apps if turn % 2 == 0 else ():
                    if app_id in apps and _holds(account, app_id, when):
                        world.directory.sso(account, apps[app_id], when + timedelta(minutes=rng.randrange(2, 20)))
            turn += 1
            day = _next_day(day, rng.randrange(9, 18))


def _next_day(day: date, step: int) -> date:
    day += timedelta(days=step)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def _may_sign_in(account: Account, when: datetime) -> bool:
    """Active for the next half hour, and employed."""
    later = when + timedelta(minutes=30)
    if account.created > when or account.status_at(when) != "ACTIVE" or account.status_at(later) != "ACTIVE":
        return False
    person = account.person
    return person is None or (person.spell_at(when) is not None and person.spell_at(later) is not None)


def _holds(account: Account, app_id: str, when: datetime) -> bool:
    later = when + timedelta(minutes=30)
    return any(held.open_at(when) and held.open_at(later) for held in account.apps[app_id])
