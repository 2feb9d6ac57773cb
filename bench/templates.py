"""A record of the demo company as a template: its identifiers carry a mark where the tag of a copy goes.

Every identifier keeps its form: numbers stay numbers, e-mail addresses addresses, SHAs forty characters. What belongs
to the organization as a whole (controls, systems, statuses) has no mark and is not copied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ingestion.contract import canonical_json

MARK = "\ue001"
"""Stands where the three characters of the tag go; in no record of the demo."""
_NUMBER = "\ue002"  # before the digits of a number that is an identifier
SINGLE = {
    ("github", "organization"),
    ("jira", "statuses"),
    ("registers", "control_owners"),
    ("registers", "dispositions"),
    ("registers", "systems"),
    ("registers", "thresholds"),
}
"""Tables of the organization as a whole."""

_NUMBERED = frozenset(
    (
        "account_id",
        "actor_id",
        "authorized_credential_id",
        "credential_id",
        "databaseId",
        "employeeId",
        "employeeNumber",
        "id",
        "issue_id",
        "pull_request_id",
        "repository_id",
        "ruleset_id",
        "supervisorEId",
        "version_id",
        "worker_id",
    )
)
"""Fields whose number (as a number or as text) identifies something."""
_NAMES = frozenset({"displayName", "display_name", "lastName", "last_name", "reportsTo"})
_PEOPLE = frozenset(
    {"bamboohr.employees", "bamboohr.job_info", "hris_csv.workers", "jira.users", "okta.users", "registers.contractors"}
)
"""Tables whose records are people: nobody bears the name of somebody of another copy."""
_SHARED = {"issuetype", "status"}  # objects whose `id` is the platform's own
_EVERYONES = {"19864447"}  # GitHub's web-flow
_NO_SHA = "0" * 40
_REPOSITORIES = (
    "worker-portal|ledger-core|payroll-engine|payments-gateway|employee-portal|data-pipelines|infrastructure"
)
# no copy of a SHA, a UUID or an account's id can be one of the base: the digits move up, the version is another one
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(\d+)(?=\+[\w-]+(?:\[bot\])?@users\.noreply)"), rf"{MARK}\1"),
    (re.compile(r"(?<![\w.+\[\]-])(?!noreply@)([\w.-]+)(?=@[\w-]+\.)"), rf"\1{MARK}"),
    (re.compile(rf"(?<![0-9a-f])(?!{_NO_SHA})[0-9a-f]{{3}}([0-9a-f]{{37}})(?![0-9a-f])"), rf"\1{MARK}"),
    (
        re.compile(r"\b([0-9a-f]{8}-[0-9a-f]{4}-)4([0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{9})[0-9a-f]{3}\b"),
        rf"\g<1>5\2{MARK}",
    ),
    (re.compile(r"\b5f([0-9a-f]{19})[0-9a-f]{3}\b"), rf"6f\1{MARK}"),
    (re.compile(r"\b(?!oty)([0-9A-Za-z]{14,17})[0-9A-Za-z]x7\b"), rf"\1{MARK}"),
    (re.compile(r"\b(ACC)(?=-\d|$)", re.IGNORECASE), rf"\1{MARK}"),
    (re.compile(rf"(?<![\w-])({_REPOSITORIES})(?![\w-])"), rf"\1{MARK}"),
    (re.compile(r"\b(?!okta-|github-|jira-|git-)([a-z]+\d*)(-harbor)(?![\w-])"), rf"\1{MARK}\2"),
    (re.compile(r"\b(harbor-(?:deps|release|deploy)|contractor-k|quietfox)(?![\w-])"), rf"\1{MARK}"),
    (re.compile(r"\b(C-\d{4}|SEC-\d{3}|UK\d{4})\b"), rf"\1{MARK}"),
    (re.compile(r"\bbamboohr-us:(?=\d)"), f"bamboohr-us:{MARK}"),
    (re.compile(r"\b([A-Z][A-Za-z]*_)(?=\d{3})"), rf"\1{MARK}"),
    (re.compile(r"(/runs/|/issue/|rulesets?/|pullrequestreview-|repository_permission:)(?=\d)"), rf"\1{MARK}"),
    (re.compile(r"^(?=\d{3}/(?:read|triage|write|maintain|admin)$)"), MARK),
)
_QUOTED_NUMBER = re.compile(f'"{_NUMBER}(\\d+)"')


@dataclass(frozen=True)
class Template:
    """Record key and payload with marks."""

    key: str
    payload: str


@lru_cache(maxsize=1 << 18)
def marked(text: str) -> str:
    """A text with the marks of every identifier that is known by its form."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _is_number(value: object) -> bool:
    text = str(value)
    return not isinstance(value, bool) and len(text) >= 3 and text.isdigit() and text not in _EVERYONES


def _walk(value: Any, field: str, parent: str, numbers: set[str], named: frozenset[str]) -> Any:
    """The value with marks; numbers that are identifiers are noted, fields of `named` end in a mark."""
    if isinstance(value, dict):
        return {name: _walk(part, name, field, numbers, named) for name, part in value.items()}
    if isinstance(value, list):
        return [_walk(part, field, parent, numbers, named) for part in value]
    if field in named and value:
        return f"{value}{MARK}"
    if field in _NUMBERED and _is_number(value) and not (field == "id" and parent in _SHARED):
        numbers.add(str(value))
        return f"{MARK if isinstance(value, str) else _NUMBER}{value}"
    return marked(value) if isinstance(value, str) else value


def _key(source: str, table: str, key: str, numbers: set[str]) -> str:
    """The record key with marks: its parts are numbers that the payload identifies, or known by their form."""
    first, slash, rest = key.partition("/")
    if (source, table) == ("git", "pull_commits"):  # repository, number of the request, SHA
        return f"{MARK}{first}/{marked(rest)}"
    if (source, table) == ("registers", "entitlements"):
        return "/".join(f"{MARK}{part}" if re.fullmatch(r"\d{3}", part) else marked(part) for part in key.split("/"))
    parts = [f"{MARK}{part}" if part in numbers else part for part in (first, *(rest.split("/") if slash else ()))]
    return marked("/".join(parts)) if MARK not in "".join(parts) else "/".join(map(_once, parts))


def _once(part: str) -> str:
    return part if MARK in part else marked(part)


def template(source: str, table: str, key: str, record: Mapping[str, Any]) -> Template:
    """Put the marks into one record.

    Args:
        source: Kind of source.
        table: Raw table.
        key: Its record key.
        record: Its payload, parsed.
    """
    numbers: set[str] = set()
    walked = _walk(record, "", "", numbers, _NAMES if f"{source}.{table}" in _PEOPLE else frozenset())
    text = _QUOTED_NUMBER.sub(rf"{MARK}\1", canonical_json(walked))
    return Template(_key(source, table, key, numbers), text)


def templates(source: str, table: str, key: str, payload: str, *, dense: bool) -> Iterator[Template]:
    """The templates of one record: itself, and with `dense` the further records of the reference load.

    Args:
        source: Kind of source.
        table: Raw table.
        key: Its record key.
        payload: Its payload as text.
        dense: Whether to add reviews that are comments, check runs of no required name, and repeated sign-ins, which
            change no result.
    """
    if (source, table) in SINGLE:
        return
    record = json.loads(payload)
    for own, one in _denser(source, table, key, record) if dense else [(key, record)]:
        made = template(source, table, own, one)
        if MARK in made.key:
            yield made


def _denser(source: str, table: str, key: str, record: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    yield key, record
    if (source, table) == ("github", "pull_requests"):
        record["reviews"]["totalCount"] *= 2
    elif (source, table) == ("github", "pull_request_reviews"):
        number = f"9{record['databaseId']}"
        comment = {"databaseId": number, "id": f"PullRequestReview_{number}", "state": "COMMENTED"}
        yield number, {**record, **comment}
    elif (source, table) == ("github", "check_runs") and "databaseId" in record:
        for run in range(2 if record["databaseId"] % 5 == 0 else 1):
            run_id = int(f"{8 + run}{record['databaseId']}")
            more = {"databaseId": run_id, "id": f"CheckRun_{run_id}", "name": f"ci/extra-{run + 1}"}
            yield f"{key.rpartition('/')[0]}/{run_id}", {**record, **more}
    elif record.get("eventType") in {"user.session.start", "user.authentication.sso"}:
        uuid = record["uuid"]
        for repeat in range(1, 3 if int(uuid[:2], 16) < 136 else 2):
            digits = sha256(f"{uuid}/{repeat}".encode()).hexdigest()
            other = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
            event = deepcopy(record)
            event["uuid"], event["published"] = other, record["published"].replace(".000Z", f".{repeat}00Z")
            yield other, event
