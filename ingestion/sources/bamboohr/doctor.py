"""What `itgc doctor` checks for a BambooHR company."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingestion.contract import Finding, NotAuthorized, SourceError

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import RESTClient

    from ingestion.sources.bamboohr.config import BamboohrInstance

_ACCESS = "Settings → Access Levels: let the key's owner see all employees, terminated ones included, and this data."


def doctor(instance: BamboohrInstance) -> Iterator[Finding]:
    """Check address, key, every field and table, and what the dates will be taken to mean."""
    from ingestion.sources import bamboohr

    asked = bamboohr.fields_of(instance)
    try:
        client = bamboohr.client_of(instance)
        answer = bamboohr.report(client, asked)
    except NotAuthorized as error:
        yield Finding("key", False, error.message, "Create an API key (profile picture → API Keys) and set it.")
        return
    except SourceError as error:
        yield Finding("address", False, error.message, error.remedy)
        return
    yield Finding("key", True, "accepted")
    people = answer["employees"]
    left = [row for row in people if "Inactive" in str(row.get("status"))]
    seen = f"{len(people)} employees, {len(left)} of them inactive"
    yield Finding("employees", bool(people), seen, "" if people else _ACCESS)
    yield Finding("terminated employees", bool(left), seen, "" if left else f"If anybody ever left: {_ACCESS}")
    hidden = bamboohr.hidden_fields(asked, answer) if people else asked
    for name in asked:
        remedy = (
            _ACCESS if name in bamboohr.FIELDS else "Create the custom field, or correct its alias in engagement.yml."
        )
        yield Finding(f"field {name}", name not in hidden, "hidden" if name in hidden else "visible", remedy)
    yield from _tables(client)
    yield Finding(
        "time zone", True, f"dates are meant in {instance.zone}", "Set `zone` and `zones` where that is wrong."
    )


def _tables(client: RESTClient) -> Iterator[Finding]:
    from ingestion.sources.bamboohr import TABLES

    for table in TABLES.values():
        try:
            rows = client.get(f"employees/all/tables/{table}").json()
        except SourceError as error:
            yield Finding(f"table {table}", False, error.message, _ACCESS)
        else:
            yield Finding(f"table {table}", bool(rows), f"{len(rows)} rows", "" if rows else _ACCESS)
