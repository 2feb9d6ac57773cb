"""The identity provider: accounts, groups, applications, roles and the log of how they came about (Okta's shapes)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ingestion.demo.ids import Ids
from ingestion.demo.people import Person
from ingestion.demo.timeline import CUTOFF, LOG_FROM, okta_time

Record = dict[str, Any]

BASE = "https://harbor.okta.example"
SYSTEM: Record = {
    "id": "okta.system",
    "type": "SystemPrincipal",
    "alternateId": "system@okta.com",
    "displayName": "Okta System",
}
_CLIENT: Record = {
    "ipAddress": "203.0.113.7",
    "device": "Computer",
    "userAgent": {"browser": "CHROME", "os": "Mac OS X"},
}
_MESSAGES = {
    "user.lifecycle.create": "Create okta user",
    "user.lifecycle.activate": "Activate Okta user",
    "user.lifecycle.deactivate": "Deactivate Okta user",
    "user.lifecycle.suspend": "Suspend Okta user",
    "user.lifecycle.unsuspend": "Unsuspend Okta user",
    "user.lifecycle.reactivate": "Reactivate Okta user",
    "user.lifecycle.delete.initiated": "Delete Okta user initiated",
    "group.user_membership.add": "Add user to group membership",
    "group.user_membership.remove": "Remove user from group membership",
    "application.user_membership.add": "Add user to application membership",
    "application.user_membership.remove": "Remove user's application membership",
    "user.account.privilege.grant": "Grant user privilege",
    "user.account.privilege.revoke": "Revoke user privilege",
    "user.account.update_profile": "Update user profile for Okta",
    "user.session.start": "User login to Okta",
    "user.authentication.sso": "User single sign on to app",
}
ROLES = {
    "SUPER_ADMIN": "Super Organization administrator",
    "ORG_ADMIN": "Organization Administrator",
    "HELP_DESK_ADMIN": "Help Desk administrator",
    "READ_ONLY_ADMIN": "Read-only administrator",
}


@dataclass
class App:
    """An application; groups give it to their members."""

    id: str
    name: str
    label: str
    created: datetime
    sign_on: str = "SAML_2_0"


@dataclass
class Group:
    """A group, the applications it gives, and the group rule that fills it (None: by request only)."""

    id: str
    name: str
    created: datetime
    apps: tuple[App, ...] = ()
    rule_id: str | None = None
    criterion: tuple[str, str] | None = None
    is_privileged: bool = False
    owner: str = "Information Technology"  # the department whose head owns it


@dataclass
class Held:
    """One stretch of time in which an account held something."""

    since: datetime
    until: datetime | None = None
    scope: str = "USER"
    id: str = ""

    def open_at(self, when: datetime) -> bool:
        """Whether it was held at an instant."""
        return self.since <= when and (self.until is None or when < self.until)


@dataclass
class Account:
    """A user of the directory."""

    id: str
    login: str
    person: Person | None
    names: list[tuple[datetime, str, str, str]]
    created: datetime
    number: str
    statuses: list[tuple[datetime, str]]
    user_type: str = "Employee"
    groups: dict[str, list[Held]] = field(default_factory=dict)
    apps: dict[str, list[Held]] = field(default_factory=dict)
    roles: dict[str, list[Held]] = field(default_factory=dict)
    logins: list[datetime] = field(default_factory=list)
    deleted: datetime | None = None
    quiet: bool = False  # the generator adds no sign-ins

    def status_at(self, when: datetime) -> str:
        """Status at an instant; empty before the account's creation."""
        return next((status for since, status in reversed(self.statuses) if since <= when), "")

    def actor(self, when: datetime) -> Record:
        """The account as actor or target of an event."""
        known = [n for n in self.names if n[0] <= when] or self.names[:1]
        _, first, last, email = known[-1]
        login = email if self.person else self.login
        return {"id": self.id, "type": "User", "alternateId": login, "displayName": f"{first} {last}".strip()}


class Directory:
    """All accounts of the identity provider.

    Args:
        ids: Identifiers.
    """

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.accounts: list[Account] = []
        self.by_person: dict[str, Account] = {}
        self.groups: dict[str, Group] = {}
        self.apps: dict[str, App] = {}
        self.tokens: list[tuple[str, Account, str, datetime, datetime | None]] = []
        self.events: list[tuple[datetime, Record]] = []

    # -- what there is -------------------------------------------------------------------------------------------

    def app(self, name: str, label: str, created: datetime) -> App:
        """Add an application."""
        app = self.apps[label] = App(self.ids.okta("0oa"), name, label, created)
        return app

    def group(
        self,
        name: str,
        created: datetime,
        apps: Iterable[App] = (),
        criterion: tuple[str, str] | None = None,
        *,
        is_privileged: bool = False,
    ) -> Group:
        """Add a group; with a criterion a group rule fills it."""
        rule = self.ids.okta("0pr") if criterion else None
        group = Group(self.ids.okta("00g"), name, created, tuple(apps), rule, criterion, is_privileged)
        self.groups[name] = group
        return group

    # -- what happens --------------------------------------------------------------------------------------------

    def log(self, when: datetime, event: str, actor: Record, targets: list[Record], debug: Record | None = None) -> str:
        """Write an event; returns its uuid (also of events that are too old for any log)."""
        uuid = self.ids.uuid("okta.log")
        if when < LOG_FROM or when > CUTOFF + timedelta(days=2):
            return uuid
        self.events.append(
            (
                when,
                {
                    "uuid": uuid,
                    "published": okta_time(when),
                    "eventType": event,
                    "version": "0",
                    "severity": "INFO",
                    "displayMessage": _MESSAGES[event],
                    "actor": actor,
                    "client": _CLIENT,
                    "outcome": {"result": "SUCCESS", "reason": None},
                    "target": targets,
                    "transaction": {"type": "WEB", "id": uuid.replace("-", "")[:24], "detail": {}},
                    "debugContext": {"debugData": debug or {}},
                },
            )
        )
        return uuid

    def create(
        self,
        when: datetime,
        actor: Record,
        *,
        person: Person | None = None,
        login: str = "",
        name: tuple[str, str] = ("", ""),
        number: str | None = None,
        user_type: str = "",
    ) -> tuple[Account, str]:
        """Create and activate an account in the same second; returns it and the uuid of the creation."""
        names = list(person.names) if person else [(when, *name, login)]
        kind = user_type or ("Contractor" if person and person.source == "contractor" else "Employee")
        own = number if number is not None else (person.worker_id if person else "")
        account = Account(
            self.ids.okta("00u"), login or names[0][3], person, names, when, own, [(when, "ACTIVE")], kind
        )
        self.accounts.append(account)
        if person:
            self.by_person[person.person_id] = account
        uuid = self.log(when, "user.lifecycle.create", actor, [account.actor(when)])
        self.log(when, "user.lifecycle.activate", actor, [account.actor(when)])
        return account, uuid

    def add(self, account: Account, group: Group, when: datetime, actor: Record | None = None) -> str:
        """Add to a group (by its rule when no actor is given) and give its applications; returns the event's uuid."""
        by_rule = actor is None
        debug = {"triggeredByGroupRuleId": group.rule_id} if by_rule and group.rule_id else None
        target = {"id": group.id, "type": "UserGroup", "alternateId": "unknown", "displayName": group.name}
        account.groups.setdefault(group.id, []).append(Held(when))
        uuid = self.log(when, "group.user_membership.add", actor or SYSTEM, [account.actor(when), target], debug)
        for app in group.apps:
            if not any(held.until is None for held in account.apps.get(app.id, [])):
                self.assign(account, app, when + timedelta(seconds=1), actor or SYSTEM, scope="GROUP", debug=debug)
        return uuid

    def remove(self, account: Account, group: Group, when: datetime, actor: Record | None = None) -> None:
        """Take from a group, with the applications that no other group gives."""
        self._close(account.groups.get(group.id, []), when)
        target = {"id": group.id, "type": "UserGroup", "alternateId": "unknown", "displayName": group.name}
        self.log(when, "group.user_membership.remove", actor or SYSTEM, [account.actor(when), target])
        held = {g.id for g in self.groups.values() if any(h.until is None for h in account.groups.get(g.id, []))}
        for app in group.apps:
            if not any(app in g.apps for g in self.groups.values() if g.id in held):
                self.unassign(account, app, when + timedelta(seconds=1), actor or SYSTEM)

    def assign(
        self,
        account: Account,
        app: App,
        when: datetime,
        actor: Record,
        *,
        scope: str = "USER",
        debug: Record | None = None,
    ) -> str:
        """Assign an application; returns the event's uuid."""
        account.apps.setdefault(app.id, []).append(Held(when, scope=scope))
        return self.log(when, "application.user_membership.add", actor, self._app_targets(account, app, when), debug)

    def unassign(self, account: Account, app: App, when: datetime, actor: Record) -> None:
        """Take an application away."""
        if self._close(account.apps.get(app.id, []), when):
            self.log(when, "application.user_membership.remove", actor, self._app_targets(account, app, when))

    def grant_role(self, account: Account, role: str, when: datetime, actor: Record) -> str:
        """Grant an administrator's role; returns the event's uuid."""
        assignment = self.ids.okta("ra1")
        account.roles.setdefault(role, []).append(Held(when, id=assignment))
        return self.log(when, "user.account.privilege.grant", actor, *self._role_targets(account, role, when))

    def revoke_role(self, account: Account, role: str, when: datetime, actor: Record) -> None:
        """Revoke an administrator's role."""
        if self._close(account.roles.get(role, []), when):
            self.log(when, "user.account.privilege.revoke", actor, *self._role_targets(account, role, when))

    def status(self, account: Account, status: str, when: datetime, event: str, actor: Record) -> str:
        """Change the status of an account; returns the event's uuid."""
        account.statuses.append((when, status))
        return self.log(when, f"user.lifecycle.{event}", actor, [account.actor(when)])

    def deactivate(self, account: Account, when: datetime, actor: Record) -> None:
        """Take everything away and deactivate."""
        for group in self.groups.values():
            if any(held.until is None for held in account.groups.get(group.id, [])):
                self._close(account.groups[group.id], when)
                target = {"id": group.id, "type": "UserGroup", "alternateId": "unknown", "displayName": group.name}
                self.log(when, "group.user_membership.remove", SYSTEM, [account.actor(when), target])
        for app in self.apps.values():
            self.unassign(account, app, when, SYSTEM)
        for role in ROLES:
            self.revoke_role(account, role, when, SYSTEM)
        for n, (token, owner, name, since, until) in enumerate(self.tokens):
            if owner is account and (until is None or until > when):
                self.tokens[n] = (token, owner, name, since, when)
        self.status(account, "DEPROVISIONED", when, "deactivate", actor)

    def token(self, account: Account, name: str, since: datetime, until: datetime | None = None) -> str:
        """Create an API token; returns its id."""
        token = self.ids.okta("00T")
        self.tokens.append((token, account, name, since, until))
        return token

    def login(self, account: Account, when: datetime) -> None:
        """Sign in."""
        account.logins.append(when)
        self.log(when, "user.session.start", account.actor(when), [])

    def sso(self, account: Account, app: App, when: datetime) -> None:
        """Sign in to an application through the identity provider."""
        self.log(when, "user.authentication.sso", account.actor(when), self._app_targets(account, app, when))

    @staticmethod
    def _close(stretches: list[Held], when: datetime) -> bool:
        current = [held for held in stretches if held.until is None]
        for held in current:
            held.until = when
        return bool(current)

    @staticmethod
    def _app_targets(account: Account, app: App, when: datetime) -> list[Record]:
        user = account.actor(when)
        return [
            {"id": app.id, "type": "AppInstance", "alternateId": app.label, "displayName": app.label},
            {**user, "id": "0ua" + account.id[3:], "type": "AppUser"},
            user,
        ]

    @staticmethod
    def _role_targets(account: Account, role: str, when: datetime) -> tuple[list[Record], Record]:
        target = {"id": role, "type": "ROLE", "alternateId": "unknown", "displayName": ROLES[role]}
        return [account.actor(when), target], {"privilegeGranted": ROLES[role]}
