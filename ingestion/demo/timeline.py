"""Instants of the demo: the period, the ticks at which it is collected, business days, vendors' spellings of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

NEW_YORK = "America/New_York"
LONDON = "Europe/London"
US = "US-Federal"
GB = "GB-England"

PERIOD_FIRST = date(2025, 10, 1)
PERIOD_LAST = date(2026, 9, 30)
LOG_FROM = datetime(2025, 6, 20, tzinfo=UTC)
"""Nothing before this instant is in any log: the oldest window of the demo begins later."""


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def at(day: date, hour: int = 0, minute: int = 0, second: int = 0, zone: str = NEW_YORK) -> datetime:
    """Instant in UTC of a local time."""
    return datetime.combine(day, time(hour, minute, second), _zone(zone)).astimezone(UTC)


def end_of(day: date, zone: str = NEW_YORK) -> datetime:
    """First instant after a local day."""
    return at(day + timedelta(days=1), zone=zone)


def local_day(when: datetime, zone: str = NEW_YORK) -> date:
    """Local date of an instant."""
    return when.astimezone(_zone(zone)).date()


CUTOFF = at(date(2026, 11, 1))
PERIOD_START = at(PERIOD_FIRST)
PERIOD_END = end_of(PERIOD_LAST)
TICKS = (
    *(at(date(2025 + (9 + n) // 12, (9 + n) % 12 + 1, 1), 0, 30) for n in range(13)),
    CUTOFF,
)


def tick_after(when: datetime) -> datetime | None:
    """The first collection after an instant."""
    return min((t for t in TICKS if t > when), default=None)


@lru_cache(maxsize=4)
def _holidays(calendar: str) -> frozenset[date]:
    import holidays

    years = range(2024, 2028)
    if calendar == GB:
        return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=years))
    return frozenset(holidays.country_holidays("US", years=years))


def is_business_day(day: date, calendar: str = US) -> bool:
    """Whether a date is neither on a weekend nor a public holiday."""
    return day.weekday() < 5 and day not in _holidays(calendar)


def business_day(day: date, steps: int, calendar: str = US) -> date:
    """The business day `steps` after (or before) a date; 0 moves on to the next one only if the date is none."""
    step = timedelta(days=1 if steps >= 0 else -1)
    left = abs(steps)
    if steps == 0:
        while not is_business_day(day, calendar):
            day += step
        return day
    while left:
        day += step
        left -= is_business_day(day, calendar)
    return day


def days(first: date, last: date) -> list[date]:
    """All dates from first to last, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def month_ends(first: date, last: date) -> list[date]:
    """Last days of months within two dates."""
    return [day for day in days(first, last) if (day + timedelta(days=1)).day == 1]


def office_hour(rng: Random, day: date, zone: str = NEW_YORK, first: int = 9, last: int = 17) -> datetime:
    """A random second of the working day."""
    return at(day, rng.randrange(first, last), rng.randrange(60), rng.randrange(60), zone)


def iso(when: datetime) -> str:
    """GitHub's spelling: `2025-10-01T04:00:00Z`."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def okta_time(when: datetime) -> str:
    """Okta's spelling: `2025-10-01T04:00:00.000Z`."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def jira_time(when: datetime) -> str:
    """Jira's spelling: `2025-10-01T04:00:00.000+0000`."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def key_time(when: datetime) -> str:
    """Spelling within item keys: `20251001T040000Z`."""
    return when.strftime("%Y%m%dT%H%M%SZ")
