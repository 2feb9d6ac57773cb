"""Configuration of one BambooHR company. Imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from ingestion.config import SourceInstance


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is no IANA time zone (like America/New_York)") from None
    return value


Zone = Annotated[str, AfterValidator(_known_zone)]


class BamboohrInstance(SourceInstance):
    """One BambooHR company.

    Attributes:
        company: The company's name in BambooHR's addresses (`https://<company>.bamboohr.com`).
        base_url: Root of the API; `{demo}/…` stands for the demo company's server.
        zone: IANA time zone in which the dates of most workers are meant.
        zones: Zones of the workers at other locations, by BambooHR's location.
        calendar: Business calendar of the workers.
        calendars: Calendars of the workers at other locations.
        termination_recorded_at: Alias of the (custom) field with the instant a termination was entered; HR has to keep
            one, because BambooHR's own history is not in its API. An unknown field is left out by BambooHR.
        termination_instant: Alias of the (custom) field with the instant the employment ended; without one the end of
            the termination date in the worker's zone counts.
    """

    source: Literal["bamboohr"] = "bamboohr"
    company: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")
    base_url: str = Field(default="https://api.bamboohr.com", pattern=r"^(https?://[^/\s]|\{demo\}/)\S*$")
    zone: Zone = "America/New_York"
    zones: dict[str, Zone] = Field(default_factory=dict)
    calendar: str = "US-Federal"
    calendars: dict[str, str] = Field(default_factory=dict)
    termination_recorded_at: str | None = "customTerminationRecordedAt"
    termination_instant: str | None = "customTerminationInstant"
