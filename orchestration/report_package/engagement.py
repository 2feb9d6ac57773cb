"""What the package needs of the engagement, read from its plain data (`engagement.json` holds all of it)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo


class EngagementProblem(Exception):  # noqa: N818 - reads as the fact it states
    """The engagement lacks something the package cannot do without; the text says what."""


@dataclass(frozen=True)
class Engagement:
    """The engagement as the package's pages and names use it."""

    organization: str
    slug: str
    system: str
    report_type: str
    """I or II."""
    first_day: date
    last_day: date
    evidence_cutoff: date | None
    zone: str
    business_calendar: str
    sampling: Mapping[str, Any]
    snapshot_max_gap_days: int | None
    """Longest distance between two snapshots that counts as covered."""
    simulated: bool
    """Whether the data is the demo company's, under an injected clock."""

    @property
    def dates(self) -> str:
        """The period or the as-of date, as in the package's name."""
        return f"{self.first_day}_{self.last_day}" if self.report_type == "II" else f"{self.last_day}"

    @property
    def package_name(self) -> str:
        """Name of the package's folder."""
        return f"soc1-evidence_{self.slug}_type-{self.report_type.lower()}_{self.dates}"

    @property
    def key(self) -> str:
        """What tells the stamps of this report from those of another."""
        return f"type-{self.report_type.lower()}_{self.dates}"

    def day_of(self, instant: datetime) -> date:
        """Return the calendar day of an instant in the engagement's zone."""
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def week_from(self, instant: datetime) -> tuple[date, date]:
        """Return the day of an instant and the day a week later (exclusive)."""
        today = self.day_of(instant)
        return today, today + timedelta(days=7)


def read_engagement(data: Mapping[str, Any]) -> Engagement:
    """Read the validated engagement, in the shape of `engagement.yml`.

    Raises:
        EngagementProblem: a key is missing or is no date.
    """
    try:
        organization, report = data["organization"], data["report"]
        period = report.get("period") or {}
        as_of = report.get("as_of")
        cutoff = report.get("evidence_cutoff")
        return Engagement(
            organization=str(organization["name"]),
            slug=str(organization["slug"]),
            system=str(data.get("system", "")),
            report_type=str(report["type"]),
            first_day=_day(period.get("start") or as_of),
            last_day=_day(period.get("end") or as_of),
            evidence_cutoff=_day(cutoff) if cutoff else None,
            zone=str(data.get("zone", "UTC")),
            business_calendar=str(data.get("business_calendar", "")),
            sampling=data.get("sampling") or {},
            snapshot_max_gap_days=(data.get("collection") or {}).get("snapshot_max_gap_days"),
            simulated=bool(data.get("simulation")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EngagementProblem(f"the engagement lacks or garbles {error}: see engagement.yml") from error


def engagement_text(data: Mapping[str, Any]) -> str:
    """Return the engagement as it stands in the package: readable JSON with sorted keys."""
    return json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in engagement.json")


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
