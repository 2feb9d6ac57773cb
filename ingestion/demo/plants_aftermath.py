"""What violations and the dates of collections bring with them.

Accounts which outlive the employment are nobody's from then on (LA-01). A removal between two collections is not proven
when it was due between them too (LA-04).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion.demo.directory import Account
from ingestion.demo.people import Person, Spell
from ingestion.demo.timeline import (
    CUTOFF,
    PERIOD_END,
    PERIOD_START,
    TICKS,
    at,
    business_day,
    end_of,
    key_time,
    tick_after,
)
from ingestion.demo.world import World

Stretch = tuple[datetime, datetime]
_FAR = PERIOD_END + timedelta(days=365)
_EARLY = PERIOD_START - timedelta(days=3650)


def due_at(person: Person, spell: Spell) -> datetime:
    """When the access of an employment had to be gone (LA-04's clock)."""
    if spell.terminated_on is None:
        return _FAR
    if spell.involuntary:
        return spell.instant + timedelta(hours=4) if spell.instant else end_of(spell.terminated_on, person.zone)
    return end_of(business_day(spell.terminated_on, 1, person.calendar), person.zone)


def plant(world: World) -> None:
    """Go through all accounts of all people.

    Raises:
        ValueError: An account of somebody who is no plant outlives the employment.
    """
    for person in world.company.people:
        employed = [
            (_EARLY if n == 0 else at(spell.hired_on, zone=person.zone), due_at(person, spell))
            for n, spell in enumerate(person.spells)
        ]
        account = world.directory.by_person.get(person.person_id)
        used = _used(account) if account else []
        key = f"okta-harbor:{account.id}" if account else ""
        for stretch in used:
            _check(world, person, "LA-01.ORPHAN", key, stretch, employed)
        leaving = [(at(s.terminated_on, zone=person.zone), due_at(person, s)) for s in person.spells if s.terminated_on]
        for key, seen in _seen(world, person):
            _check(world, person, "LA-01.ORPHAN", key, seen, employed)
            _check(world, person, "LA-01.LOCAL_BYPASS", key, seen, [*used, *leaving])
            _unproven(world, person, key, seen[1])


def _used(account: Account) -> list[Stretch]:
    """Stretches in which the account could be used."""
    found: list[Stretch] = []
    since: datetime | None = None
    for when, status in account.statuses:
        if status == "ACTIVE":
            since = since or when
        elif since is not None:
            found.append((since, when))
            since = None
    if since is not None:
        found.append((since, account.deleted or _FAR))
    return found


def _seen(world: World, person: Person) -> list[tuple[str, Stretch]]:
    """Accounts of other systems, from the first to the last collection that shows them."""
    found: list[tuple[str, Stretch]] = []
    login = world.members.by_person.get(person.person_id)
    if login is not None:
        held = [*login.memberships, *login.outside, *(h for stretches in login.grants.values() for h in stretches)]
        found += _run(f"github-harbor:{login.id}", [t for t in TICKS if any(h.open_at(t) for h in held)])
    user = world.desk.by_person.get(person.person_id)
    if user is not None:
        shown = [t for t in TICKS if user.since <= t and (user.until is None or t < user.until)]
        found += _run(f"jira-harbor:{user.id}", shown)
    return found


def _run(key: str, ticks: list[datetime]) -> list[tuple[str, Stretch]]:
    return [(key, (ticks[0], _FAR if ticks[-1] == TICKS[-1] else ticks[-1]))] if ticks else []


def _check(world: World, person: Person, rule: str, key: str, used: Stretch, covers: list[Stretch]) -> None:
    begin, end = max(used[0], PERIOD_START), min(used[1], PERIOD_END)
    if used[0] >= PERIOD_END or used[1] <= PERIOD_START:
        return
    reached = begin
    for since, until in sorted(covers):
        if since <= reached:
            reached = max(reached, until)
    if reached >= end:
        return
    if not person.planted:
        raise ValueError(f"{rule}: an account of {person.person_id} outlives the employment")
    note = "Still there after the removal was due: nobody's account from then on"
    if rule.endswith("BYPASS"):
        note = "Still there after the account of the directory was gone"
    world.planted(rule, f"{key}/{key_time(begin)}", note)


def _unproven(world: World, person: Person, key: str, last_seen: datetime) -> None:
    """Removal was due between the last collection that shows an account and the first that does not."""
    missing = tick_after(last_seen)
    for spell in person.spells:
        item = f"{person.person_id}/{spell.hired_on:%Y%m%d}"
        due = due_at(person, spell)
        if missing is None or spell.terminated_on is None or not last_seen <= due < missing or due > CUTOFF:
            continue
        if not PERIOD_START <= at(spell.terminated_on) < PERIOD_END:
            continue
        if any(answer.item == item and answer.kind == "planted" for answer in world.answers):
            continue
        note = f"{key} was removed between two collections, and due between them"
        world.not_testable("LA-04.LATE", item, note)
