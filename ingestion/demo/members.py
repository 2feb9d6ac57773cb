"""The code host's people: members, repository permissions, SAML identities, credentials (GitHub's shapes)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingestion.demo.directory import Held
from ingestion.demo.ids import Ids
from ingestion.demo.people import Person
from ingestion.demo.store import Store
from ingestion.demo.timeline import TICKS, iso

Record = dict[str, Any]

ORG = "harbor-payroll"
WEB = "https://github.harbor.example"
_RANK = ("read", "triage", "write", "maintain", "admin")
_PERMISSIONS = ("pull", "triage", "push", "maintain", "admin")


@dataclass
class Login:
    """An account of the code host; `kind` is User or Bot (a GitHub App)."""

    id: int
    login: str
    kind: str = "User"
    person: Person | None = None
    emails: list[tuple[datetime, str]] = field(default_factory=list)  # of the SAML identity, over time
    memberships: list[Held] = field(default_factory=list)  # scope: admin or member
    outside: list[Held] = field(default_factory=list)
    grants: dict[str, list[Held]] = field(default_factory=dict)  # repository id → scope: role name
    credentials: list[tuple[int, str, datetime, datetime | None, datetime | None]] = field(default_factory=list)
    guid: str = ""
    commit_name: str = ""
    commit_email: str = ""

    def node(self, *, typed: bool = True) -> Record:
        """The account as GraphQL shows an actor."""
        base: Record = {"login": self.login, "databaseId": self.id}
        return {"__typename": self.kind, **base} if typed else base

    def rest(self) -> Record:
        """The account as REST shows a user."""
        login = f"{self.login}[bot]" if self.kind == "Bot" else self.login
        return {"login": login, "id": self.id, "node_id": f"U_{self.id}", "type": self.kind, "site_admin": False}

    def signature(self, when: datetime) -> tuple[str, str]:
        """Name and e-mail in commits at an instant."""
        if self.person is None:
            login = str(self.rest()["login"])
            return self.commit_name or login, self.commit_email or f"{self.id}+{login}@users.noreply.github.com"
        first, last, email = self.person.named_at(when)
        return f"{first} {last}", email

    def may(self, repository_id: str, when: datetime, least: str = "write") -> bool:
        """Whether the account held at least a role on a repository at an instant."""
        return any(
            held.open_at(when) and _RANK.index(held.scope) >= _RANK.index(least)
            for held in self.grants.get(repository_id, [])
        )

    def proven(self, repository_id: str, when: datetime) -> bool:
        """Whether write permission shows in the collections before and after an instant."""
        before = max((t for t in TICKS if t <= when), default=TICKS[0])
        after = min((t for t in TICKS if t > when), default=TICKS[-1])
        return self.may(repository_id, before) and self.may(repository_id, after)


class Members:
    """All accounts of the organization.

    Args:
        ids: Identifiers.
    """

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.logins: list[Login] = []
        self.by_person: dict[str, Login] = {}
        self._taken: set[str] = set()

    def user(self, person: Person | None = None, login: str = "", kind: str = "User") -> Login:
        """Make an account, without any access."""
        if not login and person is not None:
            login = f"{person.first[0]}{person.last}-harbor".lower()
            n = 1
            while login in self._taken:
                n += 1
                login = f"{person.first[0]}{person.last}{n}-harbor".lower()
        self._taken.add(login)
        account = Login(self.ids.number("github.user", 41_000_000, 90_000), login, kind, person)
        self.logins.append(account)
        if person is not None:
            self.by_person[person.person_id] = account
        return account

    def join(self, account: Login, when: datetime, role: str = "member", email: str | None = None) -> None:
        """Make an account a member; with an e-mail (or a person) it has a SAML identity."""
        account.memberships.append(Held(when, scope=role))
        if account.person is not None and email is None:
            account.emails += [(max(when, since), mail) for since, _, _, mail in account.person.names]
        elif email:
            account.emails.append((when, email))
        account.guid = account.guid or self.ids.uuid("github.identity")

    def grant(self, account: Login, repository_id: str, role: str, when: datetime) -> None:
        """Give a role on a repository."""
        self._close(account.grants.get(repository_id, []), when)
        account.grants.setdefault(repository_id, []).append(Held(when, scope=role))

    def revoke(self, account: Login, repository_id: str, when: datetime) -> None:
        """Take the role on a repository away."""
        self._close(account.grants.get(repository_id, []), when)

    def credential(
        self,
        account: Login,
        kind: str,
        since: datetime,
        until: datetime | None = None,
        expires: datetime | None = None,
    ) -> int:
        """Authorize a credential for the organization; returns its id."""
        number = self.ids.number("github.credential", 3_000_000, 500)
        account.credentials.append((number, kind, since, until, expires))
        return number

    def leave(self, account: Login, when: datetime) -> None:
        """Remove an account from the organization and all repositories, and revoke its credentials."""
        self._close(account.memberships, when)
        self._close(account.outside, when)
        for held in account.grants.values():
            self._close(held, when)
        account.credentials = [
            (n, kind, since, when if until is None or until > when else until, expires)
            for n, kind, since, until, expires in account.credentials
        ]

    @staticmethod
    def _close(stretches: list[Held], when: datetime) -> None:
        for held in stretches:
            if held.until is None:
                held.until = when

    def fill(self, store: Store) -> None:
        """Write all tables about people."""
        for account in self.logins:
            key = str(account.id)
            for held in account.memberships:
                store.add(
                    "github.members", key, held.since, {**account.rest(), "_context": {"role": held.scope}}, held.until
                )
                _fill_identity(store, account, held)
            for held in account.outside:
                store.add("github.outside_collaborators", key, held.since, account.rest(), held.until)
            for repository_id, stretches in account.grants.items():
                for held in stretches:
                    rank = _RANK.index(held.scope)
                    payload = {
                        **account.rest(),
                        "permissions": {name: n <= rank for n, name in enumerate(_PERMISSIONS)},
                        "role_name": held.scope,
                        "_context": {"repository_id": repository_id},
                    }
                    store.add(
                        "github.repository_collaborators", f"{repository_id}/{key}", held.since, payload, held.until
                    )
            for credential in account.credentials:
                _fill_credential(store, account, *credential)


def _fill_identity(store: Store, account: Login, held: Held) -> None:
    emails = [pair for pair in account.emails if held.until is None or pair[0] < held.until]
    for n, (since, email) in enumerate(emails):
        until = emails[n + 1][0] if n + 1 < len(emails) else held.until
        payload = {
            "guid": account.guid,
            "samlIdentity": {"nameId": email, "username": email, "emails": [{"value": email}]},
            "scimIdentity": {"username": email},
            "user": account.node(typed=False),
        }
        store.add("github.external_identities", account.guid, max(since, held.since), payload, until)


def _fill_credential(
    store: Store,
    account: Login,
    number: int,
    kind: str,
    since: datetime,
    until: datetime | None,
    expires: datetime | None,
) -> None:
    is_token = kind == "personal access token"
    payload = {
        "login": account.login,
        "credential_id": number,
        "credential_type": kind,
        "token_last_eight": f"{number:08x}" if is_token else None,
        "fingerprint": None if is_token else f"SHA256:{number:x}",
        "credential_authorized_at": iso(since),
        "credential_accessed_at": iso(since),
        "scopes": ["repo"] if is_token else None,
        "authorized_credential_id": number + 1,
        "authorized_credential_title": None if is_token else "laptop",
        "authorized_credential_note": "command line" if is_token else None,
        "authorized_credential_expires_at": iso(expires) if expires else None,
    }
    store.add("github.credential_authorizations", str(number), since, payload, until)
