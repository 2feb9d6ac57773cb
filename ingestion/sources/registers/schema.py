"""The registers: every file, its columns, kinds, keys. The templates in `registers/` and its README are made from this.

Columns named `*_worker_id`, `worker_id` and `person_id` hold a person: `<hris instance>:<worker id>`, or
`registers:contractor/<contractor id>` for a person of the contractor register.
"""

from __future__ import annotations

from ingestion.tabular import Column, Kind, Table

_SYSTEM = Column("system", "Kind of system, e.g. okta, github, jira.", required=True)
_INSTANCE = Column("instance", "Name of the system's instance, as in engagement.yml.", required=True)
_VALID_TO = Column("valid_to", "Last day; empty while it holds.", "date")
_ENTITLEMENT_KINDS = ("app", "group", "role", "repository_permission", "organization_role")
_APPROVED_BY = Column("approved_by", "Who approved it: a person.")


def _approved_at(required: bool = False) -> Column:
    return Column("approved_at", "When it was approved.", "instant", required=required)


def _kind(choices: tuple[str, ...]) -> Column:
    return Column("kind", "Kind of entitlement.", "choice", choices=choices)


def _valid_from(kind: Kind = "date") -> Column:
    return Column("valid_from", "First day.", kind)


REGISTERS: tuple[Table, ...] = (
    Table(
        "control_owners",
        "Who owns which control, and since when.",
        ("control_id", "valid_from"),
        (
            Column("control_id", "Control, e.g. CM-01."),
            Column("owner_worker_id", "The owner: a person."),
            Column("owner", "Name or function of the owner, as the package shows it."),
            Column("owner_email", "The owner's e-mail address."),
            Column("backup_email", "E-mail address of the owner's backup."),
            _valid_from(),
            _VALID_TO,
        ),
    ),
    Table(
        "systems",
        "Systems in scope, with their owner and the roles that count as privileged.",
        ("system", "instance"),
        (
            _SYSTEM,
            _INSTANCE,
            Column("name", "Name of the system."),
            Column("owner_worker_id", "The system's owner: a person."),
            Column("in_scope_from", "First day in scope.", "date"),
            Column("in_scope_to", "Last day in scope; empty while it is in scope.", "date"),
            Column("privileged_roles", "Roles which make an account privileged, joined by `;`."),
        ),
    ),
    Table(
        "entitlements",
        "Groups, applications, roles and permissions that give access, with owner and privilege.",
        ("system", "instance", "kind", "external_id"),
        (
            _SYSTEM,
            _INSTANCE,
            _kind(_ENTITLEMENT_KINDS),
            Column("external_id", "The entitlement's id in its system."),
            Column("name", "Its name."),
            Column("is_privileged", "Whether it gives privileged access.", "boolean"),
            Column("owner_worker_id", "Who approves access to it: a person."),
            _valid_from(),
            _VALID_TO,
        ),
    ),
    Table(
        "birthright_rules",
        "Versions of the rules that grant access by a fact of the worker, without a request.",
        ("rule_id", "version"),
        (
            Column("rule_id", "Id of the rule."),
            Column("version", "Version of the rule; a change is a new version."),
            _SYSTEM,
            _INSTANCE,
            Column("kind", "Kind of entitlement.", "choice", required=True, choices=(*_ENTITLEMENT_KINDS, "account")),
            Column(
                "external_id", "The entitlement's id in its system; of kind account `*`, every account.", required=True
            ),
            Column("criterion_field", "Fact of the worker that decides, e.g. department."),
            Column("criterion_value", "Value of that fact for which the access is granted."),
            Column("approved_by_worker_id", "Who approved the rule: a person."),
            _approved_at(),
            Column("active_from", "When the version came into force.", "instant"),
            Column("active_to", "When it went out of force; empty while it holds.", "instant"),
        ),
    ),
    Table(
        "contractors",
        "Contracts of people who are not in an HR system.",
        ("contractor_id", "contract_start"),
        (
            Column("contractor_id", "Id of the contractor; never reused."),
            Column("display_name", "Name."),
            Column("email", "E-mail address."),
            Column("sponsor_worker_id", "Who answers for the contractor: a person."),
            Column("contract_start", "First day of the contract.", "date"),
            Column("contract_end", "Last day as agreed.", "date"),
            Column("extended_to", "Last day after an extension.", "date"),
            Column("terminated_at", "When the contract ended early.", "moment"),
            Column("recorded_at", "When the end was recorded.", "moment"),
            Column("zone", "Time zone of the contractor, for times without an offset.", "zone"),
        ),
    ),
    Table(
        "service_accounts",
        "Accounts that are not one person's: service, break-glass, bot and shared accounts.",
        ("system", "instance", "account_id", "registered_on"),
        (
            _SYSTEM,
            _INSTANCE,
            Column("account_id", "The account's immutable id in its system."),
            Column(
                "kind", "Kind of account.", "choice", required=True, choices=("service", "break_glass", "bot", "shared")
            ),
            Column("owner_worker_id", "Who answers for the account: a person."),
            Column("purpose", "What it is for."),
            Column("registered_on", "Day of the registration.", "date"),
            _VALID_TO,
        ),
    ),
    Table(
        "person_accounts",
        "Whose account it is, where neither an id nor a verified e-mail address tells.",
        ("system", "instance", "account_id", "valid_from"),
        (
            _SYSTEM,
            _INSTANCE,
            Column("account_id", "The account's immutable id in its system."),
            Column("person_id", "Whose it is: a person.", required=True),
            _valid_from(),
            _VALID_TO,
        ),
    ),
    Table(
        "shared_secrets",
        "Who knew which shared secret, and when it was rotated.",
        ("secret_id", "worker_id"),
        (
            Column("secret_id", "Id of the secret; never the secret itself."),
            Column("system", "Kind of system that it opens."),
            Column("name", "What it opens."),
            Column("worker_id", "Who knows it: a person."),
            Column("known_from", "First day.", "date"),
            Column("rotated_at", "When it was rotated after that person lost the need.", "instant"),
        ),
    ),
    Table(
        "delegations",
        "Who may decide for whom, and when.",
        ("worker_id", "delegate_worker_id", "valid_from"),
        (
            Column("worker_id", "Who delegates: a person."),
            Column("delegate_worker_id", "To whom: a person."),
            Column("scope", "What may be decided."),
            _valid_from(),
            _VALID_TO,
        ),
    ),
    Table(
        "functional_checks",
        "Which checks of a repository are functional tests.",
        ("repository_id", "check_name", "valid_from"),
        (
            Column("repository_id", "The repository's immutable id."),
            Column("check_name", "Name of the check, as the platform reports it."),
            Column("app_id", "Id of the app that must report it; empty accepts any.", "integer"),
            Column("is_functional_test", "Whether it counts as functional test.", "boolean", required=True),
            _valid_from(),
            _VALID_TO,
        ),
    ),
    Table(
        "path_rules",
        "Checks that are required only where a change touches a path.",
        ("repository_id", "check_name", "path_prefix", "valid_from"),
        (
            Column("repository_id", "The repository's immutable id."),
            Column("check_name", "Name of the check, as the platform reports it."),
            Column("path_prefix", "Beginning of the paths that it covers."),
            Column("approved_by_worker_id", "Who approved the rule: a person."),
            _approved_at(),
            _valid_from(),
            _VALID_TO,
        ),
    ),
    Table(
        "change_policies",
        "What a change of a repository needs.",
        ("repository_id", "valid_from"),
        (
            Column("repository_id", "The repository's immutable id."),
            Column("requires_ticket", "Whether a change must name a ticket.", "boolean"),
            Column("required_approvals", "How many independent approvals it needs.", "integer"),
            Column(
                "requires_change_request_resolution",
                "Whether requested changes must be resolved before the merge.",
                "boolean",
            ),
            _valid_from(),
            _VALID_TO,
        ),
    ),
    Table(
        "payroll_register",
        "Who was paid in which pay period: the other side of the reconciliation of workers.",
        ("pay_period", "worker_id"),
        (
            Column("pay_period", "The pay period, e.g. 2025-10."),
            Column("worker_id", "Who was paid: a person."),
            Column("paid_on", "Day of payment.", "date"),
        ),
    ),
    Table(
        "thresholds",
        "Thresholds of rules that differ from the product's defaults, with their approval.",
        ("control_id", "parameter", "effective_from"),
        (
            Column("control_id", "Control."),
            Column("parameter", "Parameter, as in the catalogue."),
            Column("value", "Its value.", "decimal", required=True),
            Column("effective_from", "First day; not before the day on which it was first collected.", "date"),
            Column("changed_by", "Who changed it: a person."),
            Column("changed_at", "When.", "instant"),
            Column("approved_by", "Who approved it: another person. Without, the change does not count."),
        ),
    ),
    Table(
        "dispositions",
        "What was decided about an exception.",
        ("exception_id", "decided_at"),
        (
            Column("exception_id", "The exception, EX- and 16 hex digits."),
            Column("disposition", "The decision.", required=True),
            Column("evidence", "Where the evidence for it lies."),
            Column("root_cause", "Why it happened."),
            Column("extent", "What else the cause touched."),
            Column("compensating_control", "Control that limited the effect."),
            Column("owner", "Who remediates."),
            Column("justification", "Why it is acceptable, where it is."),
            Column("remediation", "What is done."),
            Column("due_on", "Until when.", "date"),
            Column("decided_at", "When it was decided.", "instant"),
            _APPROVED_BY,
            _approved_at(),
            Column("closed_at", "When the remediation was closed.", "instant"),
            Column("retest_item_key", "Item whose later test shows that the remediation works."),
            Column("status", "Where it stands."),
        ),
    ),
    Table(
        "reconciliation_explanations",
        "Why an item stands on one side of a reconciliation only.",
        ("control_id", "reconciliation", "item_key"),
        (
            Column("control_id", "Control."),
            Column("reconciliation", "The reconciliation, as the package names it."),
            Column("item_key", "The item."),
            Column("explained_by", "Who explains it: a person."),
            Column("evidence_ref", "Where the evidence lies."),
            _APPROVED_BY,
            _approved_at(),
        ),
    ),
    Table(
        "no_access_hires",
        "Hires who were meant to get no access.",
        ("person_id",),
        (
            Column("person_id", "Who: a person."),
            Column("reason", "Why no access is needed.", required=True),
            _APPROVED_BY,
            _approved_at(),
        ),
    ),
)
"""Every register, in the order of the templates."""
