"""BambooHR: employees (terminated ones included), employment status history and job history.

Records are kept as BambooHR sends them: `0000-00-00` stays, and so do statuses that contradict each other. What the
key may not see comes back missing or empty without an error; that is found here and fails the collection where the
field decides a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from requests.auth import HTTPBasicAuth

from ingestion.config import secret
from ingestion.contract import Collection, NotPermitted, Permission, Resource, parse_instant
from ingestion.http import rest_client
from ingestion.sources.bamboohr.config import BamboohrInstance
from ingestion.sources.bamboohr.doctor import doctor

if TYPE_CHECKING:
    import pyarrow as pa
    from dlt.extract import DltSource
    from dlt.sources.helpers.rest_client.client import RESTClient

__all__ = ["RESOURCES", "doctor", "source"]

Record = dict[str, Any]

FIELDS = (
    "id", "employeeNumber", "firstName", "lastName", "displayName", "workEmail", "status", "employmentHistoryStatus",
    "hireDate", "originalHireDate", "terminationDate", "supervisorEId", "department", "jobTitle", "location", "country",
    "lastChanged",
)  # fmt: skip
NEEDED = ("hireDate", "status", "employmentHistoryStatus")
"""Every employee has these: empty everywhere means that the key may not see them."""

RESOURCES = (
    Resource("employees", ("employees",), "snapshot", description="All employees, past and future ones included."),
    Resource("employment_status", ("employment_status",), "snapshot", description="History of employment statuses."),
    Resource("job_info", ("job_info",), "snapshot", description="History of positions and managers (by name)."),
)
TABLES = {"employment_status": "employmentStatus", "job_info": "jobInfo"}
"""BambooHR's name of the table behind a resource."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def source(instance: BamboohrInstance, collections: Mapping[str, Collection]) -> DltSource:
    """Make the dlt source that fills the given collections.

    Args:
        instance: The BambooHR company.
        collections: Collection by resource name; a resource that is not named is not collected.
    """
    import dlt

    @dlt.source(name="bamboohr", max_table_nesting=0)
    def bamboohr() -> Iterator[Any]:
        for name, collection in collections.items():
            yield dlt.resource(_collect(instance, name, collection), name=name, write_disposition="append")

    return bamboohr()


def client_of(instance: BamboohrInstance, collection: Collection | None = None) -> RESTClient:
    """A client with the key as user of HTTP basic authentication; the password is any text."""
    auth = HTTPBasicAuth(secret(instance.instance, "token"), "x")
    root = f"{instance.base_url.rstrip('/')}/api/gateway.php/{instance.company}/v1"
    return rest_client(instance, root, {"Accept": "application/json"}, collection, auth=auth)


def fields_of(instance: BamboohrInstance) -> list[str]:
    """Fields to ask for: the standard ones and the configured ones."""
    extra = (instance.termination_recorded_at, instance.termination_instant)
    return [*FIELDS, *(name for name in extra if name)]


def report(client: RESTClient, fields: list[str]) -> Record:
    """BambooHR's custom report over all employees: `{"fields": [{"id"}], "employees": [{…}]}`."""
    params = {"format": "JSON", "onlyCurrent": "false"}
    body: Record = client.post("reports/custom", params=params, json={"title": "Evidence", "fields": fields}).json()
    return body


def hidden_fields(asked: Iterable[str], answer: Record) -> list[str]:
    """Fields that the key cannot see: not in the answer at all, or empty for everybody who must have them."""
    employees: list[Record] = answer["employees"]
    named = {str(column.get("id")) for column in answer.get("fields", [])}
    hidden = [name for name in asked if name not in named and not any(name in row for row in employees)]
    hidden += [name for name in NEEDED if name not in hidden and not any(row.get(name) for row in employees)]
    left = [row for row in employees if "Inactive" in str(row.get("status"))]
    if left and "terminationDate" not in hidden and not any(_date(row.get("terminationDate")) for row in left):
        hidden.append("terminationDate")
    return hidden


def employees_of(instance: BamboohrInstance, rows: Iterable[Record]) -> Iterator[tuple[str, datetime | None, Record]]:
    """Turn employees into (record key, time of last change, payload with the mapped `_context`)."""
    for row in rows:
        zone = instance.zones.get(str(row.get("location")), instance.zone)
        context = {
            "zone": zone,
            "calendar": instance.calendars.get(str(row.get("location")), instance.calendar),
            "termination_recorded_at": _mapped(row, instance.termination_recorded_at, zone),
            "termination_instant": _mapped(row, instance.termination_instant, zone),
        }
        changed = _instant(row.get("lastChanged"), zone)
        yield str(row["id"]), parse_instant(changed) if changed else None, {**row, "_context": context}


def _mapped(row: Record, name: str | None, zone: str) -> str | None:
    return _instant(row.get(name), zone) if name else None


def _date(value: object) -> str | None:
    """The date, or None for BambooHR's empty ones."""
    text = str(value or "")
    return text if _DAY.match(text) and not text.startswith("0000") else None


def _instant(value: object, zone: str) -> str | None:
    """An instant in UTC; a text without an offset is meant in the worker's zone, a mere date is no instant."""
    text = _date(value)
    if text is None or _DAY.fullmatch(text):
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=ZoneInfo(zone))
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _collect(instance: BamboohrInstance, name: str, collection: Collection) -> Iterator[pa.Table]:
    client = client_of(instance, collection)
    try:
        records = (
            _employees(instance, client, collection) if name == "employees" else _table(instance, client, collection)
        )
        collection.page_done()
        yield collection.page(name, records)
    except NotPermitted as error:
        collection.permission = Permission("denied", str(error))
        raise


def _employees(
    instance: BamboohrInstance, client: RESTClient, collection: Collection
) -> Iterator[tuple[str, datetime | None, Record]]:
    asked = fields_of(instance)
    collection.parameters.update(path="reports/custom", onlyCurrent=False, fields=asked)
    answer = report(client, asked)
    if not answer["employees"]:
        raise _denied(instance, "no employees")
    hidden = hidden_fields(asked, answer)
    if needed := sorted({*NEEDED, "terminationDate"} & set(hidden)):
        raise _denied(instance, f"employees without {', '.join(needed)}")
    collection.permission = Permission(
        "granted", f"not visible to the key, or unknown: {', '.join(hidden)}" if hidden else "all fields visible"
    )
    return employees_of(instance, answer["employees"])


def _table(
    instance: BamboohrInstance, client: RESTClient, collection: Collection
) -> Iterator[tuple[str, datetime | None, Record]]:
    path = f"employees/all/tables/{TABLES[collection.resource]}"
    collection.parameters.update(path=path)
    rows: list[Record] = client.get(path).json()
    if not rows:
        raise _denied(instance, f"no rows of {TABLES[collection.resource]}")
    collection.permission = Permission("granted", "rows of all employees that the key may see")
    zones = _zones(instance, client) if collection.resource == "employment_status" else None
    return rows_of(rows, zones)


def rows_of(rows: Iterable[Record], zones: Mapping[str, str] | None) -> Iterator[tuple[str, None, Record]]:
    """Turn rows of a history table into records; `zones` by employee id, with the default under the empty text."""
    for row in rows:
        context = {"_context": {"zone": zones.get(str(row["employeeId"]), zones[""])}} if zones is not None else {}
        yield str(row["id"]), None, {**row, **context}


def _zones(instance: BamboohrInstance, client: RESTClient) -> dict[str, str]:
    """Zone by employee; asks for their locations only where locations make a difference."""
    found = {"": instance.zone}
    if instance.zones:
        for row in report(client, ["id", "location"])["employees"]:
            found[str(row["id"])] = instance.zones.get(str(row.get("location")), instance.zone)
    return found


def _denied(instance: BamboohrInstance, what: str) -> NotPermitted:
    return NotPermitted(
        f"{instance.instance}: BambooHR answered with {what}, which no company has.",
        "Let the key's owner see these fields for all employees (Settings → Access Levels), terminated ones included.",
    )
