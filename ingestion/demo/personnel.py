"""What HR's systems say: BambooHR for most, the CSV export of the UK subsidiary, the register of contractors."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from ingestion.demo.ids import Ids
from ingestion.demo.people import Person, Spell
from ingestion.demo.store import Store
from ingestion.demo.timeline import at, iso
from ingestion.demo.workforce import Company

Record = dict[str, Any]
_ALWAYS = datetime(2025, 6, 1, tzinfo=UTC)
_NONE = "0000-00-00"


def fill(store: Store, company: Company, ids: Ids) -> None:
    """Write all tables about workers."""
    for person in company.people:
        if person.source == "bamboohr":
            _employee(store, person)
            _employment(store, person, ids)
            _positions(store, person, ids)
        elif person.source == "hris_csv":
            _worker(store, person)
        else:
            _contractor(store, person)


def known_from(person: Person, spell: Spell) -> datetime:
    """Since when HR's system shows an employment."""
    return max(_ALWAYS, at(spell.hired_on, 6, zone=person.zone))


def _points(person: Person, first: datetime) -> list[datetime]:
    """Instants at which HR's record of a person changes."""
    found = {first, *(n[0] for n in person.names)}
    found |= {at(day, 6, zone=person.zone) for day, _, _ in person.jobs}
    found |= {at(day, 6, zone=person.zone) for day, _ in person.managers}
    for spell in person.spells:
        found.add(known_from(person, spell))
        end = spell.end(person.zone)
        if end is not None:
            found |= {end, spell.recorded_at or end}
    if person.rescission:
        found |= {person.rescission.recorded_at, person.rescission.cancelled_at}
    return sorted(when for when in found if when >= first)


def _termination(person: Person, spell: Spell, when: datetime) -> tuple[date | None, datetime | None, datetime | None]:
    """The termination as recorded at an instant: date, recorded at, instant."""
    undone = person.rescission
    if undone and undone.recorded_at <= when < undone.cancelled_at:
        return undone.planned_on, undone.recorded_at, None
    if spell.terminated_on is None or (spell.recorded_at or when) > when:
        return None, None, None
    return spell.terminated_on, spell.recorded_at if spell.is_recorded else None, spell.instant


def _spell(person: Person, when: datetime) -> Spell:
    known = [spell for spell in person.spells if known_from(person, spell) <= when]
    return known[-1] if known else person.spells[0]


def _employee(store: Store, person: Person) -> None:
    points = _points(person, known_from(person, person.spells[0]))
    for n, when in enumerate(points):
        until = points[n + 1] if n + 1 < len(points) else None
        spell = _spell(person, when)
        ended_on, recorded, instant = _termination(person, spell, when)
        end = spell.end(person.zone) if ended_on and ended_on == spell.terminated_on else None
        gone = end is not None and end <= when
        first, last, email = person.named_at(when)
        day = when.astimezone(UTC).date()
        boss = person.manager_on(day)
        rehired = spell is not person.spells[0]
        payload = {
            "id": person.worker_id,
            "employeeNumber": person.worker_id,
            "firstName": first,
            "lastName": last,
            "displayName": f"{first} {last}",
            "workEmail": email,
            "status": "Inactive" if gone else "Active",
            "employmentHistoryStatus": "Terminated" if gone else "Full-Time",
            "hireDate": spell.hired_on.isoformat(),
            "originalHireDate": person.spells[0].hired_on.isoformat() if rehired else _NONE,
            "terminationDate": ended_on.isoformat() if ended_on else _NONE,
            "supervisorEId": boss.worker_id if boss else None,
            "department": person.department_on(day),
            "jobTitle": next(
                title for since, _, title in reversed(person.jobs) if since <= day or since == person.jobs[0][0]
            ),
            "location": person.location,
            "country": "United States",
            "lastChanged": when.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            "customTerminationRecordedAt": iso(recorded) if recorded else None,
            "customTerminationInstant": iso(instant) if instant else None,
            "_context": {
                "zone": person.zone,
                "calendar": person.calendar,
                "termination_recorded_at": iso(recorded) if recorded else None,
                "termination_instant": iso(instant) if instant else None,
            },
        }
        store.add("bamboohr.employees", person.worker_id, when, payload, until)


def _employment(store: Store, person: Person, ids: Ids) -> None:
    def row(day: date, status: str, since: datetime, kind: str | None = None, until: datetime | None = None) -> None:
        number = str(ids.number("bamboohr.status", 20_000))
        payload = {
            "id": number,
            "employeeId": person.worker_id,
            "date": day.isoformat(),
            "employmentStatus": status,
            "terminationTypeId": kind,
            "terminationReasonId": None,
            "comment": None,
            "_context": {"zone": person.zone},
        }
        store.add("bamboohr.employment_status", number, since, payload, until)

    for spell in person.spells:
        row(spell.hired_on, "Full-Time", known_from(person, spell))
        if spell.terminated_on:
            kind = "Termination (Involuntary)" if spell.involuntary else "Resignation (Voluntary)"
            recorded = spell.recorded_at or at(spell.terminated_on)
            row(spell.terminated_on, "Terminated", max(recorded, _ALWAYS), kind)
    undone = person.rescission
    if undone:
        row(undone.planned_on, "Terminated", undone.recorded_at, "Resignation (Voluntary)", undone.cancelled_at)


def _positions(store: Store, person: Person, ids: Ids) -> None:
    starts = sorted({day for day, _, _ in person.jobs} | {day for day, _ in person.managers})
    for day in starts:
        boss = person.manager_on(day)
        title = next(title for since, _, title in reversed(person.jobs) if since <= day)
        number = str(ids.number("bamboohr.job", 60_000))
        payload = {
            "id": number,
            "employeeId": person.worker_id,
            "date": day.isoformat(),
            "location": person.location,
            "department": person.department_on(day),
            "jobTitle": title,
            "reportsTo": boss.name if boss else None,
        }
        since = max(_ALWAYS, at(day, 6, zone=person.zone))
        store.add("bamboohr.job_info", number, since, payload)


def _worker(store: Store, person: Person) -> None:
    for n, spell in enumerate(person.spells):
        key = f"{person.worker_id}/{spell.hired_on.isoformat()}"
        first_seen = known_from(person, spell)
        following = person.spells[n + 1] if n + 1 < len(person.spells) else None
        points = list(_points(person, first_seen))
        for k, when in enumerate(points):
            until = points[k + 1] if k + 1 < len(points) else None
            store.add("hris_csv.workers", key, when, _worker_row(person, spell, when, following is None), until)
    for n, (day, boss) in enumerate(person.managers):
        until_day = person.managers[n + 1][0] - timedelta(days=1) if n + 1 < len(person.managers) else None
        row = {
            "worker_id": person.worker_id,
            "manager_worker_id": boss.worker_id,
            "valid_from": day.isoformat(),
            "valid_to": until_day.isoformat() if until_day else None,
        }
        since = max(_ALWAYS, at(day, 6, zone=person.zone))
        store.add("hris_csv.managers", f"{person.worker_id}/{day.isoformat()}", since, row)


def _worker_row(person: Person, spell: Spell, when: datetime, is_last: bool) -> Record:
    ended_on, recorded, instant = _termination(person, spell, when)
    undone = person.rescission if is_last else None
    status = "active"
    kind = None
    if undone and undone.cancelled_at <= when and spell.terminated_on is None:
        status, ended_on, recorded, kind = "rescinded", undone.planned_on, undone.recorded_at, "voluntary"
    elif ended_on:
        end = spell.end(person.zone)
        status = "terminated" if end and ended_on == spell.terminated_on and end <= when else "active"
        kind = "involuntary" if spell.involuntary else "voluntary"
    first, last, email = person.named_at(when)
    return {
        "worker_id": person.worker_id,
        "first_name": first,
        "last_name": last,
        "display_name": f"{first} {last}",
        "work_email": email,
        "worker_type": "employee",
        "department": person.department,
        "job_title": person.title,
        "hired_on": spell.hired_on.isoformat(),
        "terminated_on": ended_on.isoformat() if ended_on else None,
        "termination_type": kind,
        "terminated_at": iso(instant) if instant else None,
        "recorded_at": iso(recorded) if recorded else None,
        "status": status,
        "zone": None,
        "_context": {"zone": person.zone, "calendar": person.calendar},
    }


def _contractor(store: Store, person: Person) -> None:
    for contract in person.contracts:
        key = f"{person.worker_id}/{contract.start.isoformat()}"
        points = {
            contract.recorded_at,
            *(when for when, _ in contract.extensions),
            *(when for when, _ in person.sponsors),
        }
        if contract.terminated_recorded_at:
            points.add(contract.terminated_recorded_at)
        ordered = sorted(max(_ALWAYS, when) for when in points)
        ordered = sorted(set(ordered))
        for n, when in enumerate(ordered):
            extended = [until for since, until in contract.extensions if since <= when]
            sponsor = [boss for since, boss in person.sponsors if since <= when] or [person.sponsors[0][1]]
            ended = contract.terminated_recorded_at is not None and contract.terminated_recorded_at <= when
            row = {
                "contractor_id": person.worker_id,
                "contract_start": contract.start.isoformat(),
                "display_name": person.name,
                "email": person.email,
                "sponsor_worker_id": sponsor[-1].person_id,
                "contract_end": contract.end.isoformat(),
                "extended_to": extended[-1].isoformat() if extended else None,
                "terminated_at": iso(contract.terminated_at) if ended and contract.terminated_at else None,
                "recorded_at": iso(
                    contract.terminated_recorded_at
                    if ended and contract.terminated_recorded_at
                    else contract.recorded_at
                ),
                "zone": person.zone,
            }
            store.add("registers.contractors", key, when, row, ordered[n + 1] if n + 1 < len(ordered) else None)
