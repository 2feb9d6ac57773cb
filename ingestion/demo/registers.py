"""What the company's people keep in registers: owners, systems, entitlements, rules, payroll."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from ingestion.demo.access import BEGIN, permission_entitlement
from ingestion.demo.changes import ACTIONS, LINT, TESTS
from ingestion.demo.directory import ROLES
from ingestion.demo.people import ENGINEERING, IT, OPERATIONS, employed_in, month_days
from ingestion.demo.store import Store
from ingestion.demo.timeline import PERIOD_FIRST, at, business_day
from ingestion.demo.world import Row, World

_CONTROLS = ("LA-01", "LA-03", "LA-04", "CM-01", "CM-02")
_SINCE = "2025-03-01"
KEYS = {
    "control_owners": ("control_id", "valid_from"),
    "systems": ("system", "instance"),
    "entitlements": ("system", "instance", "kind", "external_id"),
    "birthright_rules": ("rule_id", "version"),
    "service_accounts": ("system", "instance", "account_id", "registered_on"),
    "person_accounts": ("system", "instance", "account_id", "valid_from"),
    "shared_secrets": ("secret_id", "worker_id"),
    "delegations": ("worker_id", "delegate_worker_id", "valid_from"),
    "functional_checks": ("repository_id", "check_name", "valid_from"),
    "path_rules": ("repository_id", "check_name", "path_prefix", "valid_from"),
    "change_policies": ("repository_id", "valid_from"),
    "payroll_register": ("pay_period", "worker_id"),
    "thresholds": ("control_id", "parameter", "effective_from"),
    "dispositions": ("exception_id", "decided_at"),
    "reconciliation_explanations": ("control_id", "reconciliation", "item_key"),
    "no_access_hires": ("person_id",),
}
"""Key columns of each register."""
DISPOSITION = (
    "exception_id",
    "disposition",
    "evidence",
    "root_cause",
    "extent",
    "compensating_control",
    "owner",
    "justification",
    "remediation",
    "due_on",
    "decided_at",
    "approved_by",
    "approved_at",
    "closed_at",
    "retest_item_key",
    "status",
)
"""Columns of the register of decisions about exceptions."""


def exception_id(rule_id: str, item_key: str) -> str:
    """Id of an exception: the first 16 hex digits of the SHA-256 of rule and item, separated by U+001F."""
    named = "\x1f".join((rule_id, item_key))
    return f"EX-{hashlib.sha256(named.encode()).hexdigest()[:16]}"


def fill(world: World, store: Store) -> None:
    """Write all registers; those of which the company needs no line stay empty."""
    lines = [
        *_owners(world),
        *_systems(world),
        *_entitlements(world),
        *_birthright(world),
        *_code(world),
        *_payroll(world),
        *_explanations(world),
        *((table, since, until, row) for table, _, since, until, row in world.rows),
    ]
    for table, since, until, row in sorted(lines, key=lambda line: (line[0], line[1])):
        key = "/".join(str(row[column]) for column in KEYS[table])
        store.add(f"registers.{table}", key, since, dict(row), until)


Line = tuple[str, datetime, datetime | None, Row]


def _owners(world: World) -> list[Line]:
    lines: list[Line] = []
    for control in _CONTROLS:
        lead = world.lead(ENGINEERING if control.startswith("CM") else IT)
        backup = world.lead(IT if control.startswith("CM") else "People")
        row: Row = {
            "control_id": control,
            "owner_worker_id": lead.person_id,
            "owner": lead.name,
            "owner_email": lead.email,
            "backup_email": backup.email,
            "valid_from": _SINCE,
            "valid_to": None,
        }
        lines.append(("control_owners", BEGIN, None, row))
    return lines


def _systems(world: World) -> list[Line]:
    lines: list[Line] = []
    for system, instance, name, department, roles in (
        ("okta", "okta-harbor", "Okta", IT, "SUPER_ADMIN;ORG_ADMIN"),
        ("github", "github-harbor", "GitHub", ENGINEERING, "admin"),
        ("jira", "jira-harbor", "Jira", IT, None),
    ):
        row: Row = {
            "system": system,
            "instance": instance,
            "name": name,
            "owner_worker_id": world.lead(department).person_id,
            "in_scope_from": _SINCE,
            "in_scope_to": None,
            "privileged_roles": roles,
        }
        lines.append(("systems", BEGIN, None, row))
    return lines


def _entitlements(world: World) -> list[Line]:
    d = world.directory
    found = [("okta", "okta-harbor", "group", g.id, g.name, g.is_privileged, g.owner) for g in d.groups.values()]
    found += [("okta", "okta-harbor", "app", a.id, a.label, False, IT) for a in d.apps.values()]
    found += [("okta", "okta-harbor", "role", r, n, r in ("SUPER_ADMIN", "ORG_ADMIN"), IT) for r, n in ROLES.items()]
    for role in ("read", "triage", "write", "maintain", "admin"):
        for r in world.repositories.values():
            external = permission_entitlement(r.id, role).rpartition(":")[2]
            name = f"{r.name}: {role}"
            found.append(
                ("github", "github-harbor", "repository_permission", external, name, role == "admin", ENGINEERING)
            )
    found += [
        ("github", "github-harbor", "organization_role", r, r, r == "admin", ENGINEERING) for r in ("admin", "member")
    ]
    lines: list[Line] = []
    for system, instance, kind, external, name, privileged, department in found:
        row: Row = {
            "system": system,
            "instance": instance,
            "kind": kind,
            "external_id": external,
            "name": name,
            "is_privileged": str(privileged).lower(),
            "owner_worker_id": world.lead(department).person_id,
            "valid_from": _SINCE,
            "valid_to": None,
        }
        lines.append(("entitlements", BEGIN, None, row))
    return lines


def birthright_row(
    world: World, rule_id: str, version: str, kind: str, external: str, criterion: tuple[str, str], system: str = "okta"
) -> Row:
    """A rule, approved before the directory came into use."""
    return {
        "rule_id": rule_id,
        "version": version,
        "system": system,
        "instance": f"{system}-harbor",
        "kind": kind,
        "external_id": external,
        "criterion_field": criterion[0],
        "criterion_value": criterion[1],
        "approved_by_worker_id": min(world.company.leads.values(), key=lambda lead: lead.spells[0].hired_on).person_id,
        "approved_at": "2025-02-24T15:00:00Z",
        "active_from": "2025-03-01T05:00:00Z",
        "active_to": None,
    }


_ACCOUNTS = (
    ("accounts-employees", "okta", ("worker_type", "employee")),
    ("accounts-contractors", "okta", ("worker_type", "contractor")),
    ("desk-engineering", "jira", ("department", ENGINEERING)),
    ("desk-it", "jira", ("department", IT)),
)
"""Who has an account without asking; an account of the code host needs a request."""


def _birthright(world: World) -> list[Line]:
    lines: list[Line] = []
    for rule, system, criterion in _ACCOUNTS:
        lines.append(
            ("birthright_rules", BEGIN, None, birthright_row(world, rule, "1", "account", "*", criterion, system))
        )
    for group in world.directory.groups.values():
        if group.rule_id is None or group.criterion is None:
            continue
        lines.append(
            (
                "birthright_rules",
                BEGIN,
                None,
                birthright_row(world, group.rule_id, "1", "group", group.id, group.criterion),
            )
        )
        for app in group.apps:
            rule = f"{group.rule_id}-{app.id}"
            lines.append(
                ("birthright_rules", BEGIN, None, birthright_row(world, rule, "1", "app", app.id, group.criterion))
            )
    return lines


def functional_row(repository_id: str, check: str, since: str, until: str | None, *, functional: bool = True) -> Row:
    """What a check of a repository is."""
    return {
        "repository_id": repository_id,
        "check_name": check,
        "app_id": str(ACTIONS[0]),
        "is_functional_test": str(functional).lower(),
        "valid_from": since,
        "valid_to": until,
    }


def _code(world: World) -> list[Line]:
    lines: list[Line] = []
    known = {(t, r["repository_id"]) for t, _, _, _, r in world.rows if t in ("functional_checks", "change_policies")}
    for r in world.repositories.values():
        if ("functional_checks", r.id) not in known:
            lines.append(("functional_checks", BEGIN, None, functional_row(r.id, TESTS, _SINCE, None)))
        lines.append(("functional_checks", BEGIN, None, functional_row(r.id, LINT, _SINCE, None, functional=False)))
        if ("change_policies", r.id) not in known:
            policy: Row = {
                "repository_id": r.id,
                "requires_ticket": str(r.needs_ticket).lower(),
                "required_approvals": str(r.approvals),
                "requires_change_request_resolution": "true",
                "valid_from": _SINCE,
                "valid_to": None,
            }
            lines.append(("change_policies", BEGIN, None, policy))
    return lines


def _explanations(world: World) -> list[Line]:
    """Why a request that was approved led to no access."""
    lines: list[Line] = []
    for ticket in world.unused:
        for entitlement in ticket.entitlements:
            row: Row = {
                "control_id": "LA-03",
                "reconciliation": "approved_requests_to_access",
                "item_key": f"{ticket.key}/{entitlement.replace(':', '/')}",
                "explained_by": world.lead(OPERATIONS).person_id,
                "evidence_ref": f"{ticket.key}: cancelled before the access was granted",
                "approved_by": world.lead("Finance").person_id,
                "approved_at": "2026-09-21T14:00:00Z",
            }
            lines.append(("reconciliation_explanations", at(date(2026, 9, 21), 10), None, row))
    return lines


def _payroll(world: World) -> list[Line]:
    """Everybody who was employed on at least one day of the month was paid on its last business day."""
    lines: list[Line] = []
    for n in range(13):
        year, month = PERIOD_FIRST.year + (9 + n) // 12, (9 + n) % 12 + 1
        month_ = month_days(year, month)
        paid = business_day(month_[-1], 0) if business_day(month_[-1], 0) in month_ else business_day(month_[-1], -1)
        for person in world.company.people:
            if person.source != "contractor" and employed_in(person, month_[0], month_[-1]):
                row: Row = {
                    "pay_period": f"{year}-{month:02d}",
                    "worker_id": person.person_id,
                    "paid_on": paid.isoformat(),
                }
                lines.append(("payroll_register", at(paid, 18), None, row))
    return lines


def person_account(system: str, instance: str, account_id: str, person_id: str, since: str) -> Row:
    """A line of the mapping of accounts to people."""
    return {
        "system": system,
        "instance": instance,
        "account_id": account_id,
        "person_id": person_id,
        "valid_from": since,
        "valid_to": None,
    }
