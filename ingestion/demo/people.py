"""Workers of Harbor Payroll: what is true of a person, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ingestion.demo.timeline import GB, PERIOD_FIRST, US, at, days, end_of

ENGINEERING = "Engineering"
IT = "Information Technology"
OPERATIONS = "Payroll Operations"
SUPPORT = "Customer Support"
DEPARTMENTS = (ENGINEERING, OPERATIONS, SUPPORT, "Finance", "Sales", "People", IT)


@dataclass
class Spell:
    """One employment from hire to termination.

    Attributes:
        instant: Instant of the termination where HR gives one.
        recorded_at: When HR entered the termination.
        is_recorded: Whether HR's system says when.
    """

    hired_on: date
    terminated_on: date | None = None
    involuntary: bool = False
    instant: datetime | None = None
    recorded_at: datetime | None = None
    is_recorded: bool = True

    def end(self, zone: str) -> datetime | None:
        """Instant at which the employment ends."""
        return self.instant or (end_of(self.terminated_on, zone) if self.terminated_on else None)


@dataclass
class Contract:
    """A contractor's contract; every extension as (recorded at, extended to)."""

    start: date
    end: date
    recorded_at: datetime
    extensions: list[tuple[datetime, date]] = field(default_factory=list)
    terminated_at: datetime | None = None
    terminated_recorded_at: datetime | None = None

    def last_day(self) -> date:
        """Last day of the contract, extensions included."""
        return self.extensions[-1][1] if self.extensions else self.end


@dataclass
class Rescission:
    """A termination that HR entered and took back."""

    recorded_at: datetime
    planned_on: date
    cancelled_at: datetime


@dataclass
class Person:
    """A worker or contractor with everything about them that changes over time."""

    worker_id: str
    source: str  # bamboohr, hris_csv or contractor
    department: str
    title: str
    location: str
    zone: str
    names: list[tuple[datetime, str, str, str]]  # (from, first, last, e-mail)
    spells: list[Spell] = field(default_factory=list)
    managers: list[tuple[date, Person]] = field(default_factory=list)
    jobs: list[tuple[date, str, str]] = field(default_factory=list)  # (from, department, title)
    contracts: list[Contract] = field(default_factory=list)
    sponsors: list[tuple[datetime, Person]] = field(default_factory=list)
    rescission: Rescission | None = None
    is_manager: bool = False
    planted: bool = False
    in_directory: bool = True

    @property
    def person_id(self) -> str:
        """Identity across systems."""
        return {
            "bamboohr": f"bamboohr-us:{self.worker_id}",
            "hris_csv": f"hris-uk:{self.worker_id}",
            "contractor": f"registers:contractor/{self.worker_id}",
        }[self.source]

    @property
    def calendar(self) -> str:
        """Business calendar of the worker."""
        return GB if self.source == "hris_csv" else US

    @property
    def first(self) -> str:
        """First name in the beginning."""
        return self.names[0][1]

    @property
    def last(self) -> str:
        """Last name in the beginning."""
        return self.names[0][2]

    @property
    def name(self) -> str:
        """Display name in the beginning."""
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        """E-mail in the beginning."""
        return self.names[0][3]

    def named_at(self, when: datetime) -> tuple[str, str, str]:
        """First name, last name and e-mail at an instant."""
        known = [n for n in self.names if n[0] <= when] or self.names[:1]
        return known[-1][1], known[-1][2], known[-1][3]

    def manager_on(self, day: date) -> Person | None:
        """The manager on a date."""
        return next((boss for since, boss in reversed(self.managers) if since <= day), None)

    def department_on(self, day: date) -> str:
        """The department on a date."""
        return next((department for since, department, _ in reversed(self.jobs) if since <= day), self.department)

    def spell_at(self, when: datetime) -> Spell | None:
        """The employment at an instant."""
        for spell in self.spells:
            end = spell.end(self.zone)
            if at(spell.hired_on, zone=self.zone) <= when and (end is None or when < end):
                return spell
        return None

    @property
    def is_engineer(self) -> bool:
        """Whether the person writes code and so has accounts on GitHub and Jira."""
        return self.department == ENGINEERING and not self.title.startswith("VP")

    @property
    def stays(self) -> bool:
        """Whether the person works from before the period until after the cutoff, in one job, under one name."""
        return (
            self.source != "contractor"
            and self.spells[0].hired_on < PERIOD_FIRST
            and len(self.spells) == 1
            and self.spells[0].terminated_on is None
            and len(self.jobs) == 1
            and len(self.managers) <= 1
            and len(self.names) == 1
            and self.rescission is None
            and not self.planted
        )


def employed_in(person: Person, first: date, last: date) -> bool:
    """Whether the worker is employed on at least one day."""
    return any(
        spell.hired_on <= last and (spell.terminated_on is None or spell.terminated_on >= first)
        for spell in person.spells
    )


def month_days(year: int, month: int) -> list[date]:
    """All days of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return days(date(year, month, 1), following - timedelta(days=1))
