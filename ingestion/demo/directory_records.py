"""What the identity provider's API says, version by version (Okta's shapes)."""

from __future__ import annotations

from datetime import datetime

from ingestion.demo.directory import BASE, ROLES, Account, Directory, Record
from ingestion.demo.store import Store
from ingestion.demo.timeline import TICKS, okta_time


def fill(directory: Directory, store: Store) -> None:
    """Write all tables of the source."""
    _fill_objects(directory, store)
    for account in directory.accounts:
        _fill_user(store, account)
        _fill_held(store, account)
    for token, owner, name, since, until in directory.tokens:
        payload = {
            "id": token,
            "name": name,
            "userId": owner.id,
            "clientName": "Okta API",
            "tokenWindow": "P30D",
            "network": {"connection": "ANYWHERE"},
            "created": okta_time(since),
            "lastUpdated": okta_time(since),
            "expiresAt": None,
        }
        store.add("okta.api_tokens", token, since, payload, until)
    for when, event in sorted(directory.events, key=lambda pair: (pair[0], pair[1]["uuid"])):
        store.add("okta.system_log", event["uuid"], when, event)


def _fill_objects(directory: Directory, store: Store) -> None:
    for group in directory.groups.values():
        payload: Record = {
            "id": group.id,
            "type": "OKTA_GROUP",
            "objectClass": ["okta:user_group"],
            "created": okta_time(group.created),
            "lastUpdated": okta_time(group.created),
            "lastMembershipUpdated": okta_time(group.created),
            "profile": {"name": group.name, "description": "Filled by rule" if group.rule_id else "By request"},
        }
        store.add("okta.groups", group.id, group.created, payload)
        for app in group.apps:
            assigned = {"id": group.id, "lastUpdated": okta_time(group.created), "priority": 0, "profile": {}}
            store.add(
                "okta.app_groups",
                f"{app.id}/{group.id}",
                group.created,
                {**assigned, "_context": {"app_id": app.id}},
            )
    for app in directory.apps.values():
        payload = {
            "id": app.id,
            "name": app.name,
            "label": app.label,
            "status": "ACTIVE",
            "created": okta_time(app.created),
            "lastUpdated": okta_time(app.created),
            "signOnMode": app.sign_on,
            "features": [],
            "_links": {"self": {"href": f"{BASE}/api/v1/apps/{app.id}"}},
        }
        store.add("okta.apps", app.id, app.created, payload)


def _fill_held(store: Store, account: Account) -> None:
    for group_id, stretches in account.groups.items():
        for held in stretches:
            payload: Record = {
                "id": account.id,
                "profile": {"login": account.login, "email": account.login},
                "_context": {"group_id": group_id},
            }
            store.add("okta.group_members", f"{group_id}/{account.id}", held.since, payload, held.until)
    for app_id, stretches in account.apps.items():
        for held in stretches:
            payload = {
                "id": account.id,
                "externalId": None,
                "created": okta_time(held.since),
                "lastUpdated": okta_time(held.since),
                "scope": held.scope,
                "status": "ACTIVE",
                "statusChanged": okta_time(held.since),
                "credentials": {"userName": account.login},
                "profile": {},
                "_context": {"app_id": app_id},
            }
            store.add("okta.app_users", f"{app_id}/{account.id}", held.since, payload, held.until)
    for role, stretches in account.roles.items():
        for held in stretches:
            payload = {
                "id": held.id,
                "label": ROLES[role],
                "type": role,
                "status": "ACTIVE",
                "created": okta_time(held.since),
                "lastUpdated": okta_time(held.since),
                "assignmentType": "USER",
                "_context": {"user_id": account.id},
            }
            store.add("okta.role_assignments", f"{account.id}/{held.id}", held.since, payload, held.until)


def _fill_user(store: Store, account: Account) -> None:
    """Versions of a user: at every change of status or name, and at every tick while signing in is possible."""
    ends = account.deleted
    changes = {when for when, _ in account.statuses} | {n[0] for n in account.names if n[0] > account.created}
    changes |= {t for t in TICKS if t > account.created and account.status_at(t) != "DEPROVISIONED"}
    logins = sorted(account.logins)
    points = sorted(t for t in changes if ends is None or t < ends)
    for n, when in enumerate(points):
        until = points[n + 1] if n + 1 < len(points) else ends
        store.add("okta.users", account.id, when, _user(account, when, logins), until)


def _user(account: Account, when: datetime, logins: list[datetime]) -> Record:
    known = [n for n in account.names if n[0] <= when] or account.names[:1]
    since, first, last, email = known[-1]
    login = email if account.person else account.login
    changed = max(since for since, _ in account.statuses if since <= when)
    last_login = max((t for t in logins if t <= when), default=None)
    department = account.person.department_on(when.date()) if account.person else None
    return {
        "id": account.id,
        "status": account.status_at(when),
        "created": okta_time(account.created),
        "activated": okta_time(account.created),
        "statusChanged": okta_time(changed),
        "lastLogin": okta_time(last_login) if last_login else None,
        "lastUpdated": okta_time(max(changed, since, account.created)),
        "passwordChanged": okta_time(account.created),
        "type": {"id": "otyharbor0000000x7"},
        "profile": {
            "login": login,
            "email": login,
            "firstName": first,
            "lastName": last,
            "displayName": f"{first} {last}".strip(),
            "employeeNumber": account.number or None,
            "userType": account.user_type,
            "department": department,
        },
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {"self": {"href": f"{BASE}/api/v1/users/{account.id}"}},
    }
