"""GitHub: one organization's people, access, protection and changes. See the README for scopes and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ingestion.contract import Collection, Finding, Resource
from ingestion.sources.github.config import GithubInstance

if TYPE_CHECKING:
    from dlt.extract import DltSource

    from ingestion.sources.github.client import Github
    from ingestion.sources.github.organization import Pages

__all__ = ["RESOURCES", "GithubInstance", "doctor", "source"]

RESOURCES: tuple[Resource, ...] = (
    Resource("organization", ("organization",), "snapshot", description="Settings of the organization."),
    Resource("repositories", ("repositories",), "snapshot", description="All repositories of the organization."),
    Resource("members", ("members",), "snapshot", description="Members with their role in the organization."),
    Resource(
        "outside_collaborators",
        ("outside_collaborators",),
        "snapshot",
        description="People with access to repositories who are not members.",
    ),
    Resource(
        "repository_collaborators",
        ("repository_collaborators",),
        "snapshot",
        description="Everybody with access to each repository, and the resulting permission.",
    ),
    Resource(
        "credential_authorizations",
        ("credential_authorizations",),
        "snapshot",
        description="Tokens and keys authorized for SAML single sign-on.",
    ),
    Resource(
        "external_identities",
        ("external_identities",),
        "snapshot",
        description="Identities of the identity provider linked to accounts.",
    ),
    Resource(
        "branch_protection",
        ("branch_protection",),
        "snapshot",
        description="Protection settings and active rules of each production branch.",
    ),
    Resource(
        "rulesets",
        ("rulesets", "ruleset_history"),
        "snapshot",
        description="Rulesets with bypass actors, and every earlier version of them.",
    ),
    Resource(
        "rule_suites",
        ("rule_suites",),
        "window",
        retention=timedelta(days=30),
        lag=timedelta(days=2),
        description="Evaluations of the rules at each push; GitHub keeps one month.",
    ),
    Resource(
        "activity",
        ("activity",),
        "window",
        lag=timedelta(days=2),
        description="Pushes, forced pushes and merges to each production branch.",
    ),
    Resource(
        "pull_requests",
        ("pull_requests", "pull_request_reviews", "pull_request_commits", "pull_request_events", "check_runs"),
        "window",
        lag=timedelta(days=2),
        description="Pull requests updated in the window, with reviews, commits, events and checks.",
    ),
    Resource(
        "commits",
        ("commits", "check_runs"),
        "window",
        lag=timedelta(days=2),
        description="Commits that came to each production branch, with checks and pull requests.",
    ),
    Resource(
        "deployments",
        ("deployments",),
        "window",
        lag=timedelta(days=7),
        description="Deployments to production environments.",
    ),
)


def readers() -> dict[str, Callable[[Github, Collection], Pages]]:
    """The function that reads each resource, by name."""
    from ingestion.sources.github import branches, changes, organization, repositories

    places: tuple[Any, ...] = (organization, repositories, branches, changes)
    found: dict[str, Callable[[Github, Collection], Pages]] = {}
    for resource in RESOURCES:
        found[resource.name] = next(getattr(place, resource.name) for place in places if hasattr(place, resource.name))
    return found


def source(instance: GithubInstance, collections: Mapping[str, Collection]) -> DltSource:
    """The dlt source that reads the resources for which there are collections.

    Args:
        instance: The organization.
        collections: The collection being written, by resource name.

    Raises:
        SourceError: There is no token.
    """
    import dlt

    from ingestion.sources.github.client import Github

    github = Github(instance)
    read = readers()

    def pages(name: str, collection: Collection) -> Iterator[Any]:
        for table, page in read[name](github, collection):
            if page.num_rows:
                yield dlt.mark.with_table_name(page, table)

    @dlt.source(name="github", max_table_nesting=0)
    def github_source() -> Iterator[Any]:
        for resource in RESOURCES:
            if resource.name in collections:
                yield dlt.resource(pages, name=resource.name)(resource.name, collections[resource.name])

    return github_source()


def doctor(instance: GithubInstance) -> Iterator[Finding]:
    """Check credential, scopes, visibility and reachability."""
    from ingestion.sources.github.checkup import findings

    yield from findings(instance)
