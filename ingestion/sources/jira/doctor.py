"""What `itgc doctor` checks for a Jira Cloud site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingestion.contract import Finding, NotAuthorized, SourceError

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import RESTClient

    from ingestion.sources.jira.config import JiraInstance


def doctor(instance: JiraInstance) -> Iterator[Finding]:
    """Check address, token, every project, the permission to see users, and every mapped field."""
    from ingestion.sources import jira

    try:
        client = jira.client_of(instance)
        account = client.get("rest/api/3/myself").json()
    except NotAuthorized as error:
        remedy = "Create an API token (id.atlassian.com → Security), set it, and set `email` to its owner's address."
        yield Finding("token", False, error.message, remedy)
        return
    except SourceError as error:
        yield Finding("address", False, error.message, error.remedy)
        return
    shown = f"{account.get('displayName', account['accountId'])}, time zone {account.get('timeZone', 'unknown')}"
    yield Finding("token", True, f"accepted; it acts as {shown}")
    for project in instance.projects:
        yield _project(instance, client, project)
    yield _users(client)
    yield from _fields(instance, client)


def _project(instance: JiraInstance, client: RESTClient, key: str) -> Finding:
    from ingestion.sources.jira import probe_project

    try:
        kind = probe_project(instance, client, key).get("projectTypeKey")
    except SourceError as error:
        return Finding(f"project {key}", False, error.message, error.remedy)
    if kind == "service_desk":
        return Finding(f"project {key}", True, "issues may be browsed; a service project, so approvals are collected")
    return Finding(
        f"project {key}", True, f"issues may be browsed; a {kind} project, which has no approvals of its own"
    )


def _users(client: RESTClient) -> Finding:
    remedy = "Give the token's account the global permission Browse users and groups."
    try:
        users = client.get("rest/api/3/users/search", params={"startAt": 0, "maxResults": 50}).json()
    except SourceError as error:
        return Finding("users", False, error.message, remedy)
    if not users:
        return Finding("users", False, "Jira shows no users, not even the account that asks", remedy)
    return Finding("users", True, "readable")


def _fields(instance: JiraInstance, client: RESTClient) -> Iterator[Finding]:
    from ingestion.sources.jira import fields_of, resolve_fields

    try:
        found = resolve_fields(instance, fields_of(client))
    except SourceError as error:
        yield Finding("custom fields", False, error.message, error.remedy)
        return
    for meaning, wanted in instance.fields.model_dump().items():
        if wanted is None:
            yield Finding(f"field {meaning}", True, "not used")
        elif found[meaning]:
            yield Finding(f"field {meaning}", True, f"{wanted} is {found[meaning]}")
        else:
            remedy = f"Name the field in engagement.yml (`fields: {{{meaning}: …}}`), or set it to null."
            yield Finding(f"field {meaning}", False, f"the site has no field {wanted!r}", remedy)
