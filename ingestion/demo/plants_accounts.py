"""Planted violations of LA-01: accounts that nobody answers for, and those which only look so."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ingestion.demo import access
from ingestion.demo.changes import Review
from ingestion.demo.code import Planner
from ingestion.demo.directory import SYSTEM, Account, Held
from ingestion.demo.members import Login
from ingestion.demo.people import IT, Person
from ingestion.demo.plants_leavers import join
from ingestion.demo.plants_reviews import Planter
from ingestion.demo.registers import person_account
from ingestion.demo.timeline import PERIOD_START, TICKS, at, days, key_time, office_hour
from ingestion.demo.world import Row, World

_BEGIN = access.BEGIN + timedelta(days=20)
_SINCE = "2025-04-01"


def prepare(world: World) -> None:
    """Hire everybody whose accounts are planted."""
    for name in (
        "idle since March",
        "never used",
        "idle 89 days",
        "idle at the end",
        "two of us",
        "other of us",
        "alias",
    ):
        join(world, name)
    join(world, "mapped")
    join(world, "claimed twice")
    left = join(world, "owner who left")
    world.company.terminate(left, date(2026, 1, 20))
    careful = join(world, "owner who handed over")
    world.company.terminate(careful, date(2026, 1, 27))
    boss = world.lead(IT)
    for name, sponsor in (("guest", left), ("guest handed over", careful), ("member from outside", boss)):
        person = world.company.contractor(date(2025, 4, 7), date(2027, 6, 30), sponsor)
        person.planted = True
        world.cast[name] = person
    world.cast["member from outside"].in_directory = False
    world.cast["guest handed over"].sponsors.append((at(date(2026, 1, 26), 10), boss))


def settled(world: World) -> None:
    """Accounts that stand out from the day they were made; before the period, after everybody has settled."""
    world.account(world.cast["alias"]).names[0] = _alias(world.cast["alias"])
    for name in ("guest", "guest handed over"):
        world.account(world.cast[name]).user_type = "Guest"
    for name in ("idle since March", "never used", "idle 89 days", "idle at the end"):
        world.account(world.cast[name]).quiet = True


def _alias(person: Person) -> tuple[datetime, str, str, str]:
    when, first, last, email = person.names[0]
    return when, first, last, f"{first}.X.{last}@HARBOR.EXAMPLE" if email else email


def okta_key(account: Account) -> str:
    """Item key of an account's interval in the period."""
    return f"okta-harbor:{account.id}/{key_time(max(account.created, PERIOD_START))}"


def github_key(login: Login, first_seen: datetime = TICKS[0]) -> str:
    """Item key of an account that a collection saw first at an instant."""
    return f"github-harbor:{login.id}/{key_time(first_seen)}"


def plant(world: World, planner: Planner) -> None:
    """All plants of the control."""
    _orphans(world)
    _shared(world)
    _dormant(world)
    _emergency(world)
    _owners(world)
    _guests(world)
    outsiders = _outside_directory(world)
    _busy(world, planner, outsiders)


def _stray(world: World, login: str, name: tuple[str, str]) -> Account:
    account, _ = world.directory.create(_BEGIN, SYSTEM, login=login, name=name, number="")
    world.strays[login] = account
    return account


def _orphans(world: World) -> None:
    for account in world.orphans:
        world.planted(
            "LA-01.ORPHAN", okta_key(account), "Belongs to nobody known, though it has a leaver's name (E017)"
        )
    account = _stray(world, "trial.account@harbor.example", ("Trial", "Account"))
    world.planted("LA-01.ORPHAN", okta_key(account), "No worker, contractor or registered service stands behind it")
    alias = world.account(world.cast["alias"])
    world.near_miss("LA-01.ORPHAN", okta_key(alias), "Another e-mail in capitals, but HR's employee number (E014)")
    mapped = _stray(world, "m.second@partner.example", ("Second", "Mailbox"))
    _map(world, mapped, world.cast["mapped"])
    world.innocent("LA-01.ORPHAN", okta_key(mapped), "The register says whose it is")
    twice = world.account(world.cast["claimed twice"])
    _map(world, twice, world.cast["mapped"])
    world.not_testable("LA-01.ORPHAN", okta_key(twice), "HR's number and the register name two different people (E014)")


def _map(world: World, account: Account | Login, person: Person) -> None:
    system = "okta" if isinstance(account, Account) else "github"
    row = person_account(system, f"{system}-harbor", str(account.id), person.person_id, _SINCE)
    key = f"{system}/{system}-harbor/{account.id}/{_SINCE}"
    world.rows.append(("person_accounts", key, _BEGIN, None, row))


def _shared(world: World) -> None:
    account = _stray(world, "payruns@harbor.example", ("Pay", "Runs"))
    _map(world, account, world.cast["two of us"])
    row = person_account("okta", "okta-harbor", account.id, world.cast["other of us"].person_id, "2025-04-02")
    world.rows.append(("person_accounts", f"okta/okta-harbor/{account.id}/2025-04-02", _BEGIN, None, row))
    world.planted("LA-01.SHARED", okta_key(account), "Two people work with it, and it is not registered as shared")
    desk = world.service_accounts["frontdesk"]
    world.near_miss("LA-01.SHARED", okta_key(desk), "Used by several people and registered as shared, with an owner")


def _dormant(world: World) -> None:
    rng = world.ids.stream("dormant")
    for name, pause_from, pause_to in (
        ("idle since March", date(2026, 3, 2), date(2026, 11, 1)),
        ("idle 89 days", date(2026, 2, 2), date(2026, 5, 2)),
        ("idle at the end", date(2026, 7, 4), date(2026, 10, 1)),
    ):
        account = world.account(world.cast[name])
        for day in days(date(2025, 7, 14), date(2026, 10, 30))[::14]:
            if not pause_from < day < pause_to:
                world.directory.login(account, office_hour(rng, day))
        if name == "idle 89 days":
            world.directory.login(account, at(pause_from, 12))
            world.directory.login(account, at(pause_to, 11))
            world.near_miss("LA-01.DORMANT", okta_key(account), "Silent for 89 days")
        elif name == "idle at the end":
            world.directory.login(account, at(pause_from, 12))
            world.near_miss("LA-01.DORMANT", okta_key(account), "Silent for the last 88 days of the period")
        else:
            world.planted("LA-01.DORMANT", okta_key(account), "No sign-in since February")
    world.planted("LA-01.DORMANT", okta_key(world.account(world.cast["never used"])), "Never used since its creation")


def _emergency(world: World) -> None:
    """Uses of the emergency accounts, with and without an approved request."""
    used, tested = world.service_accounts["breakglass-02"], world.service_accounts["breakglass-01"]
    world.directory.login(used, at(date(2026, 3, 12), 3, 10))
    world.planted("LA-01.LOCAL_BYPASS", okta_key(used), "An emergency account used without a request (E038)")
    world.innocent("LA-01.LOCAL_BYPASS", okta_key(tested), "Tested every other month by an approved request")


def _owners(world: World) -> None:
    for name, note in (
        ("owner who left", "Its owner left in January; the register was not changed"),
        ("", "Registered without an owner"),
        ("owner who handed over", ""),
    ):
        label = f"svc-{name.replace(' ', '-') or 'ownerless'}"
        account, _ = world.directory.create(
            _BEGIN, SYSTEM, login=f"{label}@harbor.example", name=(label, ""), user_type="Service"
        )
        person = world.cast.get(name)
        row: Row = {
            "system": "okta",
            "instance": "okta-harbor",
            "account_id": account.id,
            "registered_on": _SINCE,
            "kind": "service",
            "owner_worker_id": person.person_id if person else None,
            "purpose": "Planted",
            "valid_to": None,
        }
        key = f"okta/okta-harbor/{account.id}/{_SINCE}"
        if note:
            world.rows.append(("service_accounts", key, _BEGIN, None, row))
            world.planted("LA-01.NO_OWNER", okta_key(account), note)
            continue
        handed = at(date(2025, 12, 29), 10)  # early enough for a collection to show it before the owner leaves
        world.rows.append(("service_accounts", key, _BEGIN, handed, row))
        world.rows.append(("service_accounts", key, handed, None, {**row, "valid_to": "2026-01-25"}))
        new = {**row, "registered_on": "2026-01-26", "owner_worker_id": world.lead(IT).person_id}
        world.rows.append(("service_accounts", f"okta/okta-harbor/{account.id}/2026-01-26", handed, None, new))
        world.near_miss("LA-01.NO_OWNER", okta_key(account), "Handed over the day before the owner left")


def _guests(world: World) -> None:
    for name in ("owner who left", "owner who handed over"):
        last_day = world.cast[name].spells[0].terminated_on
        assert last_day is not None
        access.leave(world, world.cast[name], at(last_day, 17, 5))
    key = okta_key(world.account(world.cast["guest"]))
    world.planted("LA-01.GUEST_NO_SPONSOR", key, "The sponsor left in January; nobody took over")
    key = okta_key(world.account(world.cast["guest handed over"]))
    world.near_miss("LA-01.GUEST_NO_SPONSOR", key, "Another sponsor took over the day before the first one left")


def _outside_directory(world: World) -> list[Login]:
    """Members of the code host who do not come from the directory."""
    nobody = world.members.user(login="quietfox")
    nobody.memberships.append(Held(_BEGIN, scope="member"))
    world.planted("LA-01.ORPHAN LA-01.LOCAL_BYPASS", github_key(nobody), "A member whom nobody knows")
    world.members.grant(nobody, "104", "write", _BEGIN)
    person = world.cast["member from outside"]
    local = world.members.user(login="contractor-k")
    local.memberships.append(Held(_BEGIN, scope="member"))
    _map(world, local, person)
    world.planted("LA-01.LOCAL_BYPASS", github_key(local), "A contractor signs in past the directory (E011)")
    release = world.bots["harbor-release"]
    world.near_miss("LA-01.LOCAL_BYPASS", github_key(release), "A machine account that signs in through the directory")
    return [nobody, local]


def _busy(world: World, planner: Planner, outsiders: list[Login]) -> None:
    """Comments every seven weeks, so that the accounts are not dormant too, and one approval by nobody known."""
    p = Planter(world, planner)
    day = date(2025, 10, 22)
    while day < date(2026, 10, 25):
        year_month = (day.month, day.day)
        pull = p.pull("104", *year_month, "Ask around") if day < date(2026, 10, 1) else None
        if pull is None:
            pull = planner.pull(world.repositories["104"], at(day, 10), lasts=timedelta(hours=4), title="Ask around")
        for n, who in enumerate(outsiders, start=1):
            pull.reviews.append(Review(who, pull.reviews[0].at - n * timedelta(minutes=6), "COMMENTED", body="Fine"))
        day += timedelta(days=49)
    lone = p.pull("104", 6, 10, "Trust a stranger")
    lone.reviews = [Review(outsiders[0], lone.reviews[0].at)]
    world.not_testable("CM-01.SELF_APPROVAL", lone, "The only approver cannot be resolved to a person")
