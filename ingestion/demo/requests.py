"""The service desk: access and change requests with their approvals, in one project (Jira's shapes)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ingestion.demo.ids import Ids
from ingestion.demo.people import Person
from ingestion.demo.store import Store
from ingestion.demo.timeline import iso, jira_time

Record = dict[str, Any]

BASE = "https://harbor.atlassian.example"
PROJECT = "ACC"
_STATUSES = {
    "waiting": ("10100", "Waiting for approval", "indeterminate"),
    "approved": ("10101", "Approved", "indeterminate"),
    "done": ("10102", "Done", "done"),
    "declined": ("10103", "Declined", "done"),
    "cancelled": ("10104", "Cancelled", "done"),
}
BENEFICIARY, ENTITLEMENTS, EXPIRY, CHANGES = (f"customfield_1010{n}" for n in range(1, 5))


@dataclass
class DeskUser:
    """An account of the service desk, seen from `since` until `until`."""

    id: str
    email: str
    name: str
    person: Person | None
    since: datetime
    until: datetime | None = None
    kind: str = "atlassian"

    def reference(self) -> Record:
        """The account as other records show it."""
        return {
            "accountId": self.id,
            "accountType": self.kind,
            "emailAddress": self.email,
            "displayName": self.name,
            "active": True,
            "self": f"{BASE}/rest/api/3/user?accountId={self.id}",
        }


@dataclass
class Approval:
    """A decision about a request; `at` is None while it waits."""

    by: DeskUser
    at: datetime | None
    decision: str = "approved"


@dataclass
class Ticket:
    """A request; `key` and `id` are given when all requests are known. It ends done or cancelled."""

    kind: str
    summary: str
    created: datetime
    reporter: DeskUser
    beneficiary: Person | None = None
    beneficiary_email: str = ""
    entitlements: tuple[str, ...] = ()
    approvals: list[Approval] = field(default_factory=list)
    expires_at: datetime | None = None
    change_refs: list[str] = field(default_factory=list)
    done: datetime | None = None
    done_by: DeskUser | None = None
    cancelled: datetime | None = None
    id: str = ""
    key: str = ""


class Desk:
    """All requests and accounts of the service desk.

    Args:
        ids: Identifiers.
    """

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.users: list[DeskUser] = []
        self.by_person: dict[str, DeskUser] = {}
        self.tickets: list[Ticket] = []

    def user(
        self, since: datetime, person: Person | None = None, email: str = "", name: str = "", kind: str = "atlassian"
    ) -> DeskUser:
        """Make an account."""
        account = DeskUser(
            f"5f{self.ids.hexadecimal('jira.user', 22)}",
            person.email if person else email,
            person.name if person else name,
            person,
            since,
            kind=kind,
        )
        self.users.append(account)
        if person is not None:
            self.by_person[person.person_id] = account
        return account

    def open(self, ticket: Ticket) -> Ticket:
        """File a request."""
        self.tickets.append(ticket)
        return ticket

    def number(self) -> None:
        """Give keys in order of creation, without a gap."""
        ordered = sorted(enumerate(self.tickets), key=lambda pair: (pair[1].created, pair[0]))
        for n, (_, ticket) in enumerate(ordered, start=1):
            ticket.key, ticket.id = f"{PROJECT}-{1000 + n}", str(50_000 + n)

    def fill(self, store: Store, from_: datetime) -> None:
        """Write all tables of the source; accounts and statuses are there from an instant."""
        for status, name, category in _STATUSES.values():
            payload = {"id": status, "name": name, "statusCategory": {"key": category}}
            store.add("jira.statuses", status, from_, payload)
        for user in self.users:
            self._fill_user(store, user)
        for ticket in sorted(self.tickets, key=lambda t: int(t.id)):
            self._fill_ticket(store, ticket)

    @staticmethod
    def _fill_user(store: Store, user: DeskUser) -> None:
        names = user.person.names if user.person else []
        points = sorted({user.since, *(n[0] for n in names if n[0] > user.since)})
        for n, since in enumerate(points):
            until = points[n + 1] if n + 1 < len(points) else user.until
            if until is not None and until <= since:
                continue
            first, last, email = user.person.named_at(since) if user.person else ("", user.name, user.email)
            payload = {**user.reference(), "emailAddress": email, "displayName": f"{first} {last}".strip()}
            store.add("jira.users", user.id, since, payload, until)

    def _fill_ticket(self, store: Store, ticket: Ticket) -> None:
        steps = self._steps(ticket)
        approvals = [(n, a) for n, a in enumerate(ticket.approvals)]
        points = sorted({when for when, _, _ in steps} | {a.at for _, a in approvals if a.at})
        for n, when in enumerate(points):
            until = points[n + 1] if n + 1 < len(points) else None
            state = [state for moved, state, _ in steps if moved <= when][-1]
            store.add("jira.issues", ticket.id, when, _issue(ticket, when, state), until)
        for n, approval in approvals:
            key = f"{ticket.id}/{ticket.id}{n}"
            if approval.at is None or approval.at > ticket.created:
                waiting = _approval(ticket, n, approval, None)
                store.add("jira.approvals", key, ticket.created, waiting, approval.at)
            if approval.at is not None:
                store.add("jira.approvals", key, approval.at, _approval(ticket, n, approval, approval.at))
        for n, (when, state, who) in enumerate(steps[1:], start=1):
            before, after = _STATUSES[steps[n - 1][1]], _STATUSES[state]
            history = f"{ticket.id}{n}"
            payload = {
                "id": history,
                "author": who.reference(),
                "created": jira_time(when),
                "items": [
                    {
                        "field": "status",
                        "fieldtype": "jira",
                        "fieldId": "status",
                        "from": before[0],
                        "fromString": before[1],
                        "to": after[0],
                        "toString": after[1],
                    }
                ],
                "_context": {"issue_id": ticket.id},
            }
            store.add("jira.issue_changelog", f"{ticket.id}/{history}", when, payload)

    @staticmethod
    def _steps(ticket: Ticket) -> list[tuple[datetime, str, DeskUser]]:
        steps = [(ticket.created, "waiting", ticket.reporter)]
        decided = [a for a in ticket.approvals if a.at is not None]
        if decided:
            last = max(decided, key=lambda a: a.at or ticket.created)
            declined = any(a.decision == "declined" for a in decided)
            steps.append((last.at or ticket.created, "declined" if declined else "approved", last.by))
        if ticket.done:
            done = max(ticket.done, steps[-1][0] + timedelta(seconds=1))
            steps.append((done, "done", ticket.done_by or ticket.reporter))
        if ticket.cancelled:
            steps.append((ticket.cancelled, "cancelled", ticket.reporter))
        return steps


def _issue(ticket: Ticket, when: datetime, state: str) -> Record:
    status, name, category = _STATUSES[state]
    email = ticket.beneficiary.named_at(ticket.created)[2] if ticket.beneficiary else ticket.beneficiary_email or None
    expires = iso(ticket.expires_at) if ticket.expires_at else None
    return {
        "id": ticket.id,
        "key": ticket.key,
        "self": f"{BASE}/rest/api/3/issue/{ticket.id}",
        "fields": {
            "project": {"key": PROJECT, "id": "10001"},
            "issuetype": {"id": "10010" if ticket.kind == "Access request" else "10011", "name": ticket.kind},
            "summary": ticket.summary,
            "status": {"id": status, "name": name, "statusCategory": {"key": category}},
            "resolution": {"name": name} if state in ("done", "cancelled") else None,
            "reporter": ticket.reporter.reference(),
            "creator": ticket.reporter.reference(),
            "assignee": None,
            "created": jira_time(ticket.created),
            "updated": jira_time(when),
            "resolutiondate": jira_time(when) if category == "done" else None,
            BENEFICIARY: email,
            ENTITLEMENTS: list(ticket.entitlements),
            EXPIRY: expires,
            CHANGES: list(ticket.change_refs),
        },
        "_context": {
            "beneficiary_email": email,
            "beneficiary_account_id": None,
            "entitlements": list(ticket.entitlements),
            "expires_at": expires,
            "change_refs": list(ticket.change_refs),
        },
    }


def _approval(ticket: Ticket, n: int, approval: Approval, decided: datetime | None) -> Record:
    def when(instant: datetime) -> Record:
        return {
            "iso8601": jira_time(instant),
            "jira": jira_time(instant),
            "epochMillis": int(instant.timestamp()) * 1000,
        }

    return {
        "id": f"{ticket.id}{n}",
        "name": "Approval by the manager",
        "finalDecision": approval.decision if decided else "pending",
        "canAnswerApproval": False,
        "approvers": [
            {
                "approver": approval.by.reference(),
                "approverDecision": approval.decision if decided else "pending",
            }
        ],
        "createdDate": when(ticket.created),
        "completedDate": when(decided) if decided else None,
        "_context": {"issue_id": ticket.id, "issue_key": ticket.key},
    }
