"""From Jira's records to raw records: keys, times of change, and the custom fields' meaning under `_context`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.contract import instant
from ingestion.sources.jira.config import JiraInstance

Record = dict[str, Any]
Records = Iterator[tuple[str, datetime | None, Record]]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SEPARATORS = re.compile(r"[\s,;]+")
_SECONDS_BELOW = 10**11  # an epoch below is in seconds (until the year 5138), above in milliseconds


def issues_of(instance: JiraInstance, fields: Mapping[str, str | None], rows: Iterable[Record]) -> Records:
    """Issues by id; `fields` is the id of the custom field behind each name of `JiraFields`, or None."""
    for row in rows:
        values = {name: row["fields"].get(field) if field else None for name, field in fields.items()}
        account, email = _user(values["beneficiary"])
        context = {
            "beneficiary_account_id": account,
            "beneficiary_email": email,
            "entitlements": _entitlements(values["entitlements"], instance.entitlement_choices),
            "expires_at": _expiry(values["expires_at"], instance.zone),
            "change_refs": [part for text in _texts(values["change_refs"]) for part in _SEPARATORS.split(text) if part],
        }
        yield str(row["id"]), when(row["fields"].get("updated")), {**row, "_context": context}


def approvals_of(issue: Record, rows: Iterable[Record]) -> Records:
    """Approvals of one issue by `issue id/approval id`."""
    context = {"issue_id": str(issue["id"]), "issue_key": issue["key"]}
    for row in rows:
        changed = row.get("completedDate") or row.get("createdDate") or {}
        yield f"{issue['id']}/{row['id']}", when(changed.get("iso8601")), {**row, "_context": context}


def changelog_of(logs: Iterable[Record]) -> Records:
    """Changes by `issue id/history id`; `_context.created_at` is the vendor's `created` as an instant.

    The bulk endpoint gives `created` as an epoch in milliseconds, unlike Jira's other endpoints.
    """
    for log in logs:
        for row in log.get("changeHistories", []):
            created = when(row.get("created"))
            context = {"issue_id": str(log["issueId"]), "created_at": instant(created) if created else None}
            yield f"{log['issueId']}/{row['id']}", created, {**row, "_context": context}


def when(value: object) -> datetime | None:
    """An instant of Jira's: ISO 8601 with an offset (`+0000` or `+00:00`), or an epoch."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value if value < _SECONDS_BELOW else value / 1000, UTC)
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) and value else None


def _user(value: object) -> tuple[str | None, str | None]:
    """(account id, e-mail) of a user picker with exactly one user, or of a text that is an e-mail address."""
    if isinstance(value, list):
        return _user(value[0]) if len(value) == 1 else (None, None)
    if isinstance(value, Mapping) and value.get("accountId"):
        return str(value["accountId"]), value.get("emailAddress") or None
    texts = [part for text in _texts(value) for part in _SEPARATORS.split(text) if "@" in part]
    return None, texts[0] if len(texts) == 1 else None


def _entitlements(value: object, choices: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for text in _texts(value):
        found += [choices[text]] if text in choices else [choices.get(p, p) for p in _SEPARATORS.split(text) if p]
    return list(dict.fromkeys(found))


def _expiry(value: object, zone: str) -> str | None:
    """The instant at which the access ends; a mere date lasts to the end of that day in the configured zone."""
    text = value.strip() if isinstance(value, str) else ""
    if _DAY.fullmatch(text):
        next_day = date.fromisoformat(text) + timedelta(days=1)
        return instant(datetime.combine(next_day, time(), ZoneInfo(zone)))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant(found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone)))


def _texts(value: object) -> list[str]:
    """The texts of a field, whatever its type: text, labels, choices, or rich text, line by line."""
    if isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, Mapping):
        if value.get("type") == "text":
            return _texts(value.get("text"))
        return _texts(value.get("value") or value.get("content"))
    return []
