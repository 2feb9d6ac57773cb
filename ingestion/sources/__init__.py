"""The registry of sources. Imports nothing heavy: connectors and their configuration are loaded when they are used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ingestion.config import SourceInstance

if TYPE_CHECKING:
    from types import ModuleType

SOURCES: dict[str, str] = {
    "okta": "ingestion.sources.okta",
    "github": "ingestion.sources.github",
    "git": "ingestion.sources.git",
    "bamboohr": "ingestion.sources.bamboohr",
    "hris_csv": "ingestion.sources.hris_csv",
    "jira": "ingestion.sources.jira",
    "registers": "ingestion.sources.registers",
}
"""Source → package of its connector (`RESOURCES`, `source()`, `doctor()`); configuration in `<package>.config`."""

RAW_TABLES: dict[str, tuple[str, ...]] = {
    "okta": (
        "users",
        "groups",
        "group_members",
        "apps",
        "app_users",
        "app_groups",
        "role_assignments",
        "api_tokens",
        "system_log",
    ),
    "github": (
        "organization",
        "repositories",
        "members",
        "outside_collaborators",
        "repository_collaborators",
        "credential_authorizations",
        "external_identities",
        "branch_protection",
        "rulesets",
        "ruleset_history",
        "rule_suites",
        "activity",
        "pull_requests",
        "pull_request_reviews",
        "pull_request_commits",
        "pull_request_events",
        "commits",
        "check_runs",
        "deployments",
    ),
    "git": ("first_parent_commits", "branch_heads", "pull_commits"),
    "bamboohr": ("employees", "employment_status", "job_info"),
    "hris_csv": ("workers", "managers", "quarantine"),
    "jira": ("issues", "approvals", "issue_changelog", "users", "statuses"),
    "registers": (
        "control_owners",
        "systems",
        "entitlements",
        "birthright_rules",
        "contractors",
        "service_accounts",
        "person_accounts",
        "shared_secrets",
        "delegations",
        "functional_checks",
        "path_rules",
        "change_policies",
        "payroll_register",
        "thresholds",
        "dispositions",
        "reconciliation_explanations",
        "no_access_hires",
        "quarantine",
    ),
    "itgc": ("freezes", "seeds", "draws", "detections"),
}
"""Every raw table, per source: the warehouse has all of them, empty where nothing is committed. A test ties it to the
connectors' `RESOURCES`."""


def connector(source: str) -> ModuleType:
    """Import the connector of a source (and with it dlt).

    Raises:
        KeyError: No such source.
    """
    return import_module(SOURCES[source])


def config_class(source: str) -> type[SourceInstance]:
    """The configuration class of a source, without importing dlt: the one `SourceInstance` of its `config` module.

    Raises:
        KeyError: No such source.
    """
    module = import_module(f"{SOURCES[source]}.config")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, SourceInstance) and value.__module__ == module.__name__
    )
    return found


def parse_instances(entries: Iterable[Mapping[str, Any]]) -> list[SourceInstance]:
    """Validate the `sources` of an engagement, each by the configuration class of its `source`.

    Raises:
        pydantic.ValidationError: Missing or unknown fields.
        ValueError: Unknown source, or two instances share a name.
    """
    instances: list[SourceInstance] = []
    for entry in entries:
        source = str(entry.get("source"))
        if source not in SOURCES:
            raise ValueError(f"unknown source {source!r}; known: {', '.join(SOURCES)}")
        instances.append(config_class(source).model_validate(entry))
    names = [instance.instance for instance in instances]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"instance names must be unique: {', '.join(twice)}")
    return instances
