"""Everything about the demo company in one place while it is being made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ingestion.demo.changes import Repository
from ingestion.demo.directory import Account, Directory
from ingestion.demo.forge import Played
from ingestion.demo.ids import Ids
from ingestion.demo.members import Login, Members
from ingestion.demo.people import Person
from ingestion.demo.requests import Desk, Ticket
from ingestion.demo.workforce import Company

Row = dict[str, str | None]


class Keyed(Protocol):
    """A thing whose item key is known once everything has been made."""

    @property
    def item_key(self) -> str:
        """The key."""


Item = str | Keyed


@dataclass(frozen=True)
class Answer:
    """One line of the answer key; an item's key may be known only when everything has been made."""

    rule_id: str
    item: Item
    kind: str
    status: str
    note: str

    def row(self) -> Row:
        """The line of the file."""
        key = self.item if isinstance(self.item, str) else str(self.item.item_key)
        return {
            "control_id": self.rule_id.partition(".")[0],
            "rule_id": self.rule_id,
            "item_key": key,
            "kind": self.kind,
            "status": self.status,
            "note": self.note,
        }


@dataclass
class World:
    """The company while it is being made.

    Attributes:
        rows: additional versions of register lines: (table, key, from, to, row).
        cast: people who exist for a plant, by the plant's name.
        orphans: accounts that carry a leaver's name and belong to nobody known.
        unused: requests that were approved and never carried out.
        strays: other accounts without a worker, by login.
        blocked: stretches in which nothing but plants is merged into a repository.
    """

    seed: int
    scale: float
    ids: Ids
    company: Company
    directory: Directory
    members: Members
    desk: Desk
    repositories: dict[str, Repository] = field(default_factory=dict)
    admins: list[Account] = field(default_factory=list)
    bots: dict[str, Login] = field(default_factory=dict)
    rows: list[tuple[str, str, datetime, datetime | None, Row]] = field(default_factory=list)
    blocked: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    orphans: list[Account] = field(default_factory=list)
    strays: dict[str, Account] = field(default_factory=dict)
    unused: list[Ticket] = field(default_factory=list)
    cast: dict[str, Person] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    played: dict[str, Played] = field(default_factory=dict)
    service_accounts: dict[str, Account] = field(default_factory=dict)

    def answer(self, rule_id: str, item: Item, kind: str, status: str, note: str) -> None:
        """Write a line of the answer key."""
        self.answers.append(Answer(rule_id, item, kind, status, note))

    def planted(self, rule_ids: str, item: Item, note: str) -> None:
        """Write one planted exception per rule (names separated by spaces)."""
        for rule_id in rule_ids.split():
            self.answer(rule_id, item, "planted", "EXCEPTION", note)

    def near_miss(self, rule_id: str, item: Item, note: str) -> None:
        """Write a case just inside the threshold."""
        self.answer(rule_id, item, "near_miss", "PASS", note)

    def innocent(self, rule_id: str, item: Item, note: str) -> None:
        """Write a case that looks guilty and is not."""
        self.answer(rule_id, item, "innocent", "PASS", note)

    def not_testable(self, rule_id: str, item: Item, note: str) -> None:
        """Write a case for which the evidence is missing."""
        self.answer(rule_id, item, "not_testable", "NOT_TESTABLE", note)

    def spell_key(self, name: str, spell: int = 0) -> str:
        """Item key of the end of an employment of one of the cast."""
        person = self.cast[name]
        return f"{person.person_id}/{person.spells[spell].hired_on:%Y%m%d}"

    def lead(self, department: str) -> Person:
        """Head of a department."""
        return self.company.leads[department]

    def account(self, person: Person) -> Account:
        """The person's account of the directory."""
        return self.directory.by_person[person.person_id]

    def login(self, person: Person) -> Login:
        """The person's account of the code host."""
        return self.members.by_person[person.person_id]
