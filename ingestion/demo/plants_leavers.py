"""Planted violations of LA-04: leavers who keep access, and those who only seem to."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ingestion.demo import access
from ingestion.demo.changes import Review
from ingestion.demo.code import Planner
from ingestion.demo.directory import SYSTEM
from ingestion.demo.people import ENGINEERING, IT, SUPPORT, Person, Spell
from ingestion.demo.plants_reviews import Planter
from ingestion.demo.timeline import PERIOD_START, at, business_day, end_of, iso, key_time
from ingestion.demo.world import Row, World

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def join(
    world: World,
    name: str,
    *,
    department: str = SUPPORT,
    hired: date = date(2023, 5, 1),
    uk: bool = False,
    called: tuple[str, str] | None = None,
) -> Person:
    """Somebody hired before the period for the sake of a plant."""
    office = None if uk else 0
    person = world.company.hire(department, hired, uk=uk, office=office, name=called)
    person.planted = True
    world.cast[name] = person
    return person


def prepare(world: World) -> None:
    """Hire everybody who will leave, and enter their terminations."""
    company = world.company
    for name, last_day in {
        "kept": date(2026, 9, 4),
        "late by hours": date(2026, 2, 5),
        "late by days": date(2026, 6, 16),
        "in time by a minute": date(2026, 2, 12),
        "before a holiday": date(2025, 10, 10),
        "over the clock change": date(2026, 3, 6),
        "night owl": date(2026, 4, 21),
        "last evening": date(2026, 4, 23),
        "reactivated": date(2026, 5, 12),
        "suspended": date(2026, 9, 11),
        "suspended, then removed": date(2026, 3, 10),
        "keeper of a secret": date(2026, 1, 22),
        "keeper of a rotated secret": date(2026, 1, 28),
        "keeper of an old secret": date(2026, 1, 29),
        "garden leave": date(2026, 7, 31),
        "deleted": date(2026, 7, 9),
        "after the period": date(2026, 10, 14),
        "entered late": date(2026, 5, 19),
        "entered in time": date(2026, 5, 21),
        "never entered": date(2026, 5, 26),
        "back on Monday": date(2026, 6, 5),
        "back in May": date(2026, 3, 31),
        "back in June": date(2026, 4, 30),
    }.items():
        company.terminate(join(world, name), last_day)
    company.terminate(join(world, "namesake", called=("Maria", "Garcia")), date(2026, 8, 18))
    company.terminate(join(world, "name on a stray account", called=("Edith", "Hargreaves")), date(2026, 8, 20))
    for name, last_day in {"late after Easter": date(2026, 4, 2), "in time after Easter": date(2026, 4, 2)}.items():
        company.terminate(join(world, name, uk=True), last_day)
    for name, last_day in {
        "left on GitHub": date(2026, 8, 28),
        "left a token": date(2026, 5, 29),
        "left a key": date(2026, 2, 27),
        "left an expired token": date(2026, 6, 30),
        "approved on the last day": date(2026, 4, 30),
    }.items():
        company.terminate(join(world, name, department=ENGINEERING), last_day)
    _dismissals(world)
    _entries(world)
    _returns(world)
    _contracts(world)


def _dismissals(world: World) -> None:
    """Involuntary terminations, with and without an instant."""
    company = world.company
    for name, day, hour in (
        ("dismissed, late", date(2025, 12, 9), 10),
        ("dismissed, in time", date(2025, 12, 11), 10),
        ("dismissed, next morning", date(2026, 7, 14), None),
        ("dismissed, at night", date(2026, 7, 16), None),
    ):
        instant = at(day, hour) if hour else None
        company.terminate(join(world, name), day, involuntary=True, instant=instant)


def _entries(world: World) -> None:
    """When HR entered terminations: a business day and a second late, just in time, and nobody knows."""
    for name, extra in (("entered late", timedelta(seconds=1)), ("entered in time", timedelta(seconds=-1))):
        spell = world.cast[name].spells[0]
        assert spell.terminated_on is not None
        spell.recorded_at = end_of(business_day(spell.terminated_on, 1)) + extra
    world.cast["never entered"].spells[0].is_recorded = False


def _returns(world: World) -> None:
    """Rehires: within the time for removal, and after a month or two."""
    for name, day in (
        ("back on Monday", date(2026, 6, 8)),
        ("back in May", date(2026, 5, 4)),
        ("back in June", date(2026, 6, 15)),
    ):
        person = world.cast[name]
        boss = person.managers[-1][1]
        person.spells.append(Spell(day))
        person.managers.append((day, boss))
        person.jobs.append((day, person.department, person.title))


def _contracts(world: World) -> None:
    """Contracts that end in the period."""
    sponsor = world.lead(IT)
    for name, last_day in (
        ("contract over", date(2026, 8, 31)),
        ("contract over, removed late", date(2026, 6, 12)),
        ("contract over, removed", date(2026, 6, 18)),
        ("contract extended in time", date(2026, 3, 20)),
        ("contract extended at last", date(2026, 3, 20)),
        ("contract extended too late", date(2026, 3, 20)),
    ):
        person = world.company.contractor(date(2025, 4, 7), last_day, sponsor)
        person.planted = True
        world.cast[name] = person
    until = date(2027, 1, 29)
    for name, day in (
        ("contract extended in time", date(2026, 2, 27)),
        ("contract extended at last", date(2026, 3, 20)),
        ("contract extended too late", date(2026, 5, 18)),
    ):
        extended = world.cast[name]
        extended.contracts[0].extensions.append((at(day, 16), until))
        if name == "contract extended too late":
            extended.spells.append(Spell(date(2026, 6, 1), until))
        else:
            extended.spells[0].terminated_on = until


def settled(world: World) -> None:
    """Those who will review as leavers may write to the portal."""
    for name in ("left on GitHub", "approved on the last day"):
        login = world.login(world.cast[name])
        if "104" not in login.grants:
            world.members.grant(login, "104", "write", login.memberships[0].since)


def plant(world: World, planner: Planner) -> None:
    """What happens to their accounts."""
    _kept(world, planner)
    _late(world)
    _in_time(world)
    _active(world)
    _tokens(world)
    _contractors(world)
    _recorded(world)
    _suspended(world)
    _secrets(world)
    _returned(world)
    _curious(world, planner)


def _end(person: Person) -> datetime:
    end = person.spells[0].end(person.zone)
    assert end is not None
    return end


def due(person: Person) -> datetime:
    """End of the first business day after the last day, in the worker's zone."""
    last_day = person.spells[0].terminated_on
    assert last_day is not None
    return end_of(business_day(last_day, 1, person.calendar), person.zone)


def _remove(world: World, name: str, when: datetime) -> str:
    access.leave(world, world.cast[name], when)
    return world.spell_key(name)


def _usual(world: World, name: str) -> str:
    """Everything removed at five on the last day."""
    person = world.cast[name]
    last_day = person.spells[0].terminated_on
    assert last_day is not None
    return _remove(world, name, at(last_day, 17, 5, zone=person.zone))


def _kept(world: World, planner: Planner) -> None:
    world.planted("LA-04.NOT_REMOVED", world.spell_key("kept"), "Nobody deactivated the account")
    person = world.cast["left on GitHub"]
    account, login = world.account(person), world.login(person)
    world.directory.deactivate(account, at(date(2026, 8, 28), 17, 5), access.HR_SYNC)
    world.desk.by_person[person.person_id].until = at(date(2026, 8, 28), 17, 5)
    note = "Deactivated in the directory, still a member on GitHub, where they went on reviewing (E011)"
    world.planted("LA-04.NOT_REMOVED LA-04.ACTIVITY_AFTER", world.spell_key("left on GitHub"), note)
    pull = Planter(world, planner).pull("104", 9, 9, "Ask a former colleague")
    pull.reviews = [Review(login, pull.reviews[0].at)]
    rules = "CM-01.INACTIVE_APPROVER CM-01.INSUFFICIENT_APPROVALS"
    world.planted(rules, pull, "The only approver had left eight business days before")


def _late(world: World) -> None:
    cast = world.cast
    for name, when, note in (
        ("late by hours", due(cast["late by hours"]) + 2 * _HOUR, "Removed two hours after the due instant"),
        ("late by days", due(cast["late by days"]) + timedelta(days=8), "Removed eight days after the due instant"),
        (
            "dismissed, late",
            at(date(2025, 12, 9), 14, 1),
            "Dismissed, removed four hours and a minute later (E016)",
        ),
        ("dismissed, next morning", at(date(2026, 7, 15), 8, 30), "Dismissed, removed on the next morning (E016)"),
        (
            "late after Easter",
            at(date(2026, 4, 8), 9, zone="Europe/London"),
            "Removed on the second day after Easter",
        ),
    ):
        world.planted("LA-04.LATE", _remove(world, name, when), note)


def _in_time(world: World) -> None:
    cast = world.cast
    for name, when, note in (
        ("in time by a minute", due(cast["in time by a minute"]) - _MINUTE, "Removed a minute before the due instant"),
        ("before a holiday", at(date(2025, 10, 14), 23), "Friday before a federal holiday, removed on Tuesday (E007)"),
        ("over the clock change", at(date(2026, 3, 9), 23, 30), "Over the change to summer time (E007)"),
        (
            "dismissed, in time",
            at(date(2025, 12, 11), 13, 59),
            "Dismissed, removed 3 hours and 59 minutes later",
        ),
        ("dismissed, at night", at(date(2026, 7, 16), 23, 58), "Dismissed, removed before the end of the day"),
        ("in time after Easter", at(date(2026, 4, 7), 16, zone="Europe/London"), "British holidays in between (E007)"),
    ):
        world.near_miss("LA-04.LATE", _remove(world, name, when), note)
    key = _remove(world, "garden leave", at(date(2026, 6, 30), 17))
    world.innocent("LA-04.LATE", key, "Deactivated a month before the termination (E008)")
    world.innocent("LA-04.NOT_REMOVED", _usual(world, "namesake"), "One of three people of that name (E014)")
    person = cast["deleted"]
    when = at(date(2026, 7, 9), 17, 10)
    account = world.account(person)
    world.directory.deactivate(account, when, access.HR_SYNC)
    account.statuses.pop()
    world.directory.events.pop()  # no event tells of a deactivation
    world.directory.log(when, "user.lifecycle.delete.initiated", access.HR_SYNC, [account.actor(when)])
    account.deleted = when
    world.innocent("LA-04.NOT_REMOVED", world.spell_key("deleted"), "Deleted without a deactivation (E010)")


def _active(world: World) -> None:
    owl, evening = world.cast["night owl"], world.cast["last evening"]
    world.directory.login(world.account(owl), _end(owl) + timedelta(minutes=70))
    key = _remove(world, "night owl", at(date(2026, 4, 22), 10))
    world.planted("LA-04.ACTIVITY_AFTER", key, "Signed in an hour after the termination; removed in time")
    world.directory.login(world.account(evening), _end(evening) - 10 * _MINUTE)
    key = _remove(world, "last evening", at(date(2026, 4, 24), 10))
    world.near_miss("LA-04.ACTIVITY_AFTER", key, "Signed in ten minutes before the termination")
    key = _usual(world, "reactivated")
    account = world.account(world.cast["reactivated"])
    again = at(date(2026, 5, 22), 10)
    uuid = world.directory.status(account, "ACTIVE", again, "reactivate", world.admins[0].actor(again))
    world.directory.status(account, "DEPROVISIONED", again + 3 * _HOUR, "deactivate", world.admins[0].actor(again))
    world.planted("LA-04.REACTIVATED", key, "Activated again for three hours without a rehire")
    world.planted("LA-03.NO_APPROVAL", f"okta-harbor:{uuid}/{account.id}", "Activated again without a request")


def _tokens(world: World) -> None:
    for name, kind, until in (
        ("left a token", "personal access token", at(date(2026, 8, 12), 9)),
        ("left a key", "SSH key", at(date(2026, 4, 14), 9)),
        ("left an expired token", "personal access token", at(date(2026, 8, 12), 9)),
    ):
        login = world.login(world.cast[name])
        key = _usual(world, name)
        login.credentials = [c for c in login.credentials if c[3] is None]
        expires = at(date(2026, 7, 1), 9) if name == "left an expired token" else None
        world.members.credential(login, kind, at(date(2025, 9, 1), 10), until, expires)
        if expires:
            world.near_miss("LA-04.TOKEN_LEFT", key, "Still listed, but expired before removal was due")
        else:
            world.planted("LA-04.TOKEN_LEFT", key, f"The {kind} stayed authorized for weeks (E011)")


def _contractors(world: World) -> None:
    rules = "LA-04.CONTRACT_ENDED LA-04.NOT_REMOVED"
    world.planted(rules, world.spell_key("contract over"), "Contract over, account active, nothing recorded (E013)")
    key = _remove(world, "contract over, removed late", at(date(2026, 6, 30), 11))
    world.planted("LA-04.CONTRACT_ENDED LA-04.LATE", key, "Contract over, account removed two weeks later")
    world.planted(
        rules, world.spell_key("contract extended too late"), "Over for two months before it was extended (E013)"
    )
    note = "Extended on its last day, between two collections: which came first is not known"
    world.not_testable("LA-04.CONTRACT_ENDED", world.spell_key("contract extended at last"), note)
    account = world.account(world.cast["contract extended at last"])
    key = f"okta-harbor:{account.id}/{key_time(PERIOD_START)}"
    world.not_testable("LA-01.ORPHAN", key, "A contract that was perhaps over for eleven days")
    account = world.account(world.cast["contract extended in time"])
    key = f"okta-harbor:{account.id}/{key_time(PERIOD_START)}"
    world.near_miss("LA-01.ORPHAN", key, "A contract extended three weeks before its end")
    person = world.cast["contract over, removed"]
    key = _remove(world, "contract over, removed", due(person) - _MINUTE)
    world.near_miss("LA-04.CONTRACT_ENDED", key, "Contract over, account removed a minute before it was due")


def _recorded(world: World) -> None:
    note = "Entered one second after the end of the next business day"
    world.planted("LA-04.HR_LATE", _usual(world, "entered late"), note)
    note = "Entered one second before the end of the next business day"
    world.near_miss("LA-04.HR_LATE", _usual(world, "entered in time"), note)
    note = "HR's system does not say when the termination was entered"
    world.not_testable("LA-04.HR_LATE", _usual(world, "never entered"), note)


def _suspended(world: World) -> None:
    for name in ("suspended", "suspended, then removed"):
        person = world.cast[name]
        last_day = person.spells[0].terminated_on
        assert last_day is not None
        when = at(last_day, 17, 5)
        account = world.account(person)
        world.directory.status(account, "SUSPENDED", when, "suspend", access.HR_SYNC)
        if name == "suspended":
            note = "Suspended in time, never deactivated (E010)"
            world.planted("LA-04.SUSPENDED_ONLY", world.spell_key(name), note)
        else:
            world.directory.deactivate(account, _end(person) + timedelta(days=29), access.HR_SYNC)
            world.near_miss("LA-04.SUSPENDED_ONLY", world.spell_key(name), "Deactivated on the 29th day")


def _secrets(world: World) -> None:
    for n, name in enumerate(("keeper of a secret", "keeper of a rotated secret", "keeper of an old secret"), 1):
        person = world.cast[name]
        key = _usual(world, name)
        rotated = {1: due(person) + timedelta(days=3), 2: due(person) - _HOUR, 3: _end(person) - timedelta(days=40)}[n]
        row: Row = {
            "secret_id": f"SEC-{n:03d}",
            "worker_id": person.person_id,
            "system": "bank",
            "name": f"Bank portal {n}",
            "known_from": "2024-02-01",
            "rotated_at": None,
        }
        begin = at(date(2025, 3, 3), 9)
        register_key = f"SEC-{n:03d}/{person.person_id}"
        world.rows.append(("shared_secrets", register_key, begin, rotated, row))
        world.rows.append(("shared_secrets", register_key, rotated, None, {**row, "rotated_at": iso(rotated)}))
        if n == 1:
            world.planted("LA-04.SHARED_SECRET_NOT_ROTATED", key, "Rotated three days after removal was due")
        elif n == 2:
            world.near_miss("LA-04.SHARED_SECRET_NOT_ROTATED", key, "Rotated an hour before removal was due")
        else:
            world.innocent("LA-04.SHARED_SECRET_NOT_ROTATED", key, "Rotated before the leaver's last day")


def _returned(world: World) -> None:
    world.near_miss("LA-04.NOT_REMOVED", world.spell_key("back on Monday"), "Rehired before removal was due (E002)")
    note = "Rehired after a month in which the account was never disabled (E001)"
    world.planted("LA-04.NOT_REMOVED", world.spell_key("back in May"), note)
    person = world.cast["back in June"]
    key = _usual(world, "back in June")
    access.rehire(world, person, at(date(2026, 6, 15), 7, 40))
    world.near_miss("LA-04.REACTIVATED", key, "Activated again on the first day of the rehire (E001)")


def _curious(world: World, planner: Planner) -> None:
    key = _usual(world, "name on a stray account")
    stray, _ = world.directory.create(
        access.BEGIN, SYSTEM, login="edith.hargreaves@legacy.example", name=("Edith", "Hargreaves"), number=""
    )
    world.not_testable("LA-04.NOT_REMOVED", key, "An account of nobody known carries the leaver's name (E017)")
    world.orphans.append(stray)
    person = world.cast["after the period"]
    access.leave(world, person, at(date(2026, 10, 14), 17))
    login = world.login(world.cast["approved on the last day"])
    _usual(world, "approved on the last day")
    pull = Planter(world, planner).pull("104", 4, 30, "Say goodbye")
    pull.reviews = [Review(login, pull.reviews[0].at)]
    world.near_miss("CM-01.INACTIVE_APPROVER", pull, "The approver's last day")
