"""`engagement.yml`: who reports, on which system, for which period, from which sources.

The file is validated in full before anything else happens; every problem is reported at once, with file, line, key and
what was expected.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ingestion.config import SourceInstance
from ingestion.sources import SOURCES, config_class
from ingestion.vault import STORES
from orchestration.clock import end_of_day, iso, start_of_day

_HOLIDAYS = Path(__file__).parents[1] / "dbt_project" / "seeds" / "calendar" / "business_holidays.csv"


class EngagementError(Exception):
    """The engagement file cannot be used; the text names file, line, key and what was expected."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Organization(_Strict):
    """The service organization."""

    name: str = Field(min_length=1)
    slug: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", description="lower-case letters, digits, hyphens: part of the package's name"
    )


class Period(_Strict):
    """The period of a Type II report, both days inclusive in the engagement's zone."""

    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> Period:
        if self.end < self.start:
            raise ValueError(f"the period ends ({self.end}) before it starts ({self.start})")
        return self


class Report(_Strict):
    """Type I (as of a date) or Type II (over a period)."""

    type: Literal["I", "II"]
    period: Period | None = None
    as_of: date | None = None
    evidence_cutoff: date

    @model_validator(mode="after")
    def _matches_type(self) -> Report:
        if self.type == "II" and (self.period is None or self.as_of is not None):
            raise ValueError("a Type II report has `period: {start, end}` and no `as_of`")
        if self.type == "I" and (self.as_of is None or self.period is not None):
            raise ValueError("a Type I report has `as_of` and no `period`")
        if self.evidence_cutoff < self.last_day:
            raise ValueError(
                f"evidence_cutoff ({self.evidence_cutoff}) lies before the last day reported on ({self.last_day})"
            )
        return self

    @property
    def first_day(self) -> date:
        """First calendar day reported on."""
        return self.period.start if self.period else self._as_of

    @property
    def last_day(self) -> date:
        """Last calendar day reported on."""
        return self.period.end if self.period else self._as_of

    @property
    def _as_of(self) -> date:
        if self.as_of is None:
            raise ValueError("a report has either a period or an as-of date")
        return self.as_of


class Collection(_Strict):
    """How far back the first collection looks and how far apart snapshots may lie."""

    look_back_days: int = Field(
        default=100,
        ge=0,
        description="days before the period's start that windows begin at, for approvals that precede a grant",
    )
    snapshot_max_gap_days: int = Field(
        default=1, ge=1, description="longest gap between two snapshots that still counts as covered"
    )


class Sampling(_Strict):
    """Parameters of the sampling plan (domain terms of attribute sampling)."""

    confidence: float = Field(default=0.90, gt=0.5, lt=1)
    tolerable_rate: float = Field(default=0.05, gt=0, lt=0.5)
    expected_deviations: int = Field(default=0, ge=0, le=10)
    seed: str | None = Field(
        default=None, pattern=r"^[0-9]{20,}$", description="at least 20 digits, thrown by the auditor after the freeze"
    )
    seed_provided_by: str = "management"


class Simulation(_Strict):
    """The demo company on loopback under an injected clock; absent in a real engagement."""

    company: Literal["harbor-payroll"]
    seed: int = 7
    scale: float = Field(default=1.0, ge=0.1, le=100)
    scenario: Literal["as-shipped", "incomplete", "restated", "unreachable"] = "as-shipped"


class Engagement(_Strict):
    """A validated engagement file."""

    organization: Organization
    system: str = Field(min_length=1)
    report: Report
    zone: str = "America/New_York"
    business_calendar: str = "US-Federal"
    collection: Collection = Collection()
    sampling: Sampling = Sampling()
    vault: str | None = Field(
        default=None, description="where the evidence lies, e.g. s3://bucket/folder; default: in the build folder"
    )
    sources: tuple[SourceInstance, ...] = Field(min_length=1)
    simulation: Simulation | None = None

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("expected an IANA time zone such as America/New_York")
        return value

    @field_validator("business_calendar")
    @classmethod
    def _known_calendar(cls, value: str) -> str:
        if value not in (known := calendars()):
            raise ValueError(f"expected one of {', '.join(known)}")
        return value

    @field_validator("vault")
    @classmethod
    def _known_store(cls, value: str | None) -> str | None:
        if value is not None and not re.match(rf"({'|'.join(STORES)})://[^/]", value):
            raise ValueError(f"expected an address that begins with {' or '.join(f'{name}://' for name in STORES)}")
        return value

    @field_validator("sources", mode="before")
    @classmethod
    def _typed_sources(cls, value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError("expected a list of sources")
        return tuple(value)

    @model_validator(mode="after")
    def _distinct_instances(self) -> Engagement:
        names = [source.instance for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"instance names must be distinct, these are not: {', '.join(twice)}")
        return self

    @property
    def period_start_at(self) -> datetime:
        """First instant of the period (UTC)."""
        return start_of_day(self.report.first_day, self.zone)

    @property
    def period_end_at(self) -> datetime:
        """First instant after the period (UTC): periods are half-open."""
        return end_of_day(self.report.last_day, self.zone)

    @property
    def evidence_cutoff_at(self) -> datetime:
        """First instant whose evidence is no longer considered (UTC)."""
        return end_of_day(self.report.evidence_cutoff, self.zone)

    @property
    def collect_from(self) -> datetime:
        """Where the first window of every source begins (UTC)."""
        return self.period_start_at - timedelta(days=self.collection.look_back_days)

    def dbt_vars(self) -> dict[str, Any]:
        """The variables of the dbt project; only `int_engagement` and `int_source_instances` read them."""
        return {
            "organization": self.organization.name,
            "organization_slug": self.organization.slug,
            "report_type": self.report.type,
            "period_start": self.report.first_day.isoformat(),
            "period_end": self.report.last_day.isoformat(),
            "as_of": self.report.as_of.isoformat() if self.report.as_of else "",
            "evidence_cutoff_at": iso(self.evidence_cutoff_at),
            "zone": self.zone,
            "business_calendar": self.business_calendar,
            "snapshot_max_gap_days": self.collection.snapshot_max_gap_days,
            "instances": [{"source": source.source, "instance": source.instance} for source in self.sources],
        }

    def as_used(self) -> dict[str, Any]:
        """The engagement with its defaults made explicit, as it stands in the package; the vault may lie anywhere."""
        return self.model_dump(mode="json", serialize_as_any=True, exclude={"vault"})


@cache
def calendars() -> tuple[str, ...]:
    """The business calendars that the models know: those of the seed."""
    with _HOLIDAYS.open(encoding="utf-8", newline="") as file:
        return tuple(sorted({row["calendar"] for row in csv.DictReader(file)}))


def load(path: Path) -> Engagement:
    """Read and validate an engagement file.

    Args:
        path: the YAML file.

    Returns:
        The validated engagement; each source is an instance of its own configuration class.

    Raises:
        EngagementError: the file is missing, is not YAML, or breaks a rule; every problem is named with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except FileNotFoundError:
        raise EngagementError(f"{path.name}: not found; `itgc init` writes a template to start from") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EngagementError(f"{path.name}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValueError:
        raise EngagementError(_impossible_date(path.name, root)) from None
    if not isinstance(data, dict):
        raise EngagementError(f"{path.name}: expected a mapping with organization, system, report, sources …")
    problems = list(_source_problems(data))
    try:
        engagement = Engagement.model_validate(data)
    except ValidationError as error:
        problems += [
            (tuple(issue["loc"]), _words(issue))
            for issue in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    if problems:
        raise EngagementError("\n".join(_located(path, root, where, what) for where, what in problems))
    return engagement


def _impossible_date(name: str, root: yaml.Node | None) -> str:
    """Name the scalar which looks like a date and is none: the YAML reader fails on it without saying where."""
    todo = [root] if root is not None else []
    while todo:
        node = todo.pop()
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:timestamp":
            try:
                date.fromisoformat(node.value[:10])
            except ValueError:
                return f"{name}:{node.start_mark.line + 1}: {node.value} is not a date; expected one like 2025-10-31"
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
        elif isinstance(node, yaml.MappingNode):
            todo += [part for pair in node.value for part in pair]
    return f"{name}: a date in it is not valid; expected one like 2025-10-31"


def _source_problems(data: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Validate each source by its own class, in place, so that a problem is reported at the source's own key."""
    listed = data.get("sources")
    if not isinstance(listed, list):
        return
    for position, item in enumerate(listed):
        name = item.get("source") if isinstance(item, Mapping) else None
        if name not in SOURCES:
            yield ("sources", position, "source"), f"expected one of {', '.join(sorted(SOURCES))}"
            listed[position] = {"source": "unknown", "instance": f"unknown-{position}"}
            continue
        try:
            listed[position] = config_class(str(name)).model_validate(item)
        except ValidationError as error:
            for issue in error.errors(include_url=False, include_context=False, include_input=False):
                yield ("sources", position, *issue["loc"]), _words(issue)
            listed[position] = {"source": name, "instance": f"unknown-{position}"}


def _words(issue: Mapping[str, Any]) -> str:
    message = re.sub(r"^Value error, ", "", str(issue["msg"]))
    return {"missing": "this key is required", "extra_forbidden": "unknown key"}.get(str(issue["type"]), message)


def _located(path: Path, root: yaml.Node | None, where: tuple[Any, ...], what: str) -> str:
    key = ".".join(str(part) for part in where) or "(whole file)"
    return f"{path.name}:{_line(root, where)}: {key}: {what}"


def _line(node: yaml.Node | None, where: tuple[Any, ...]) -> int:
    """The line (from 1) of the deepest node on the path; of its parent when the key is missing."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in where:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (node.value[part], node.value[part])
        else:
            found = None
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
