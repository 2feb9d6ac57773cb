"""The one module that reads the clock.

Everything else receives instants as arguments, so that the same vault, engagement and code give the same package byte
for byte.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The current instant in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  (the place the ban points to)


def start_of_day(day: date, zone: str) -> datetime:
    """The instant a calendar day begins in a zone.

    Args:
        day: calendar day.
        zone: IANA zone name, for example ``America/New_York``.

    Returns:
        The instant in UTC.
    """
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def end_of_day(day: date, zone: str) -> datetime:
    """The instant a calendar day ends in a zone: the start of the day after (periods are half-open)."""
    return start_of_day(day + timedelta(days=1), zone)


def iso(instant: datetime) -> str:
    """ISO 8601 in UTC with ``Z``, without a fraction when there is none."""
    text = instant.astimezone(UTC).isoformat().replace("+00:00", "")
    return f"{text}Z"
