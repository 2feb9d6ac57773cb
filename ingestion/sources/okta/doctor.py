"""What `itgc doctor` checks for an Okta organization."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ingestion.contract import Finding, NotAuthorized, SourceError

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import RESTClient

    from ingestion.sources.okta.config import OktaInstance

WHOLE_ORGANIZATION = {"SUPER_ADMIN", "READ_ONLY_ADMIN"}
"""Standard roles that see every user, group and application."""
_CHECKS = (
    ("users", "/api/v1/users", "Read-only Administrator, or a custom role with okta.users.read"),
    ("groups and members", "/api/v1/groups", "Read-only Administrator, or a custom role with okta.groups.read"),
    ("applications and assignments", "/api/v1/apps", "Read-only Administrator, or a custom role with okta.apps.read"),
    ("administrator roles", "/api/v1/iam/assignees/users", "Super Administrator, or a custom role with okta.iam.read"),
    ("API tokens", "/api/v1/api-tokens", "Super, Organization or Read-only Administrator"),
    ("system log", "/api/v1/logs", "Read-only Administrator or Report Administrator"),
)


def doctor(instance: OktaInstance) -> Iterator[Finding]:
    """Check address, credential, every permission, and whether the credential sees the whole organization."""
    from ingestion.sources.okta import client_of

    remedy = "" if instance.client_id else "Create an API token (Security → API → Tokens) and set it."
    try:
        client = client_of(instance)
        acting, roles = _acting(instance, client)
    except NotAuthorized as error:
        yield Finding("token", False, error.message, remedy or error.remedy)
        return
    except SourceError as error:
        yield Finding("address", False, error.message, error.remedy)
        return
    yield Finding("token", True, f"accepted; it acts as {acting}")
    yield _role(client, roles)
    for name, path, role in _CHECKS:
        try:
            client.get(path, params={"limit": 1})
        except SourceError as error:
            yield Finding(name, False, error.message, f"{_who(instance)} needs: {role}.")
        else:
            yield Finding(name, True, "readable")


def _who(instance: OktaInstance) -> str:
    return "The service app" if instance.client_id else "The token's owner"


def _acting(instance: OktaInstance, client: RESTClient) -> tuple[str, str]:
    """(who the credential is, where its administrator roles stand); one request shows that it is accepted."""
    if instance.client_id:
        client.get("/api/v1/groups", params={"limit": 1})
        return f"service app {instance.client_id}", f"/oauth2/v1/clients/{instance.client_id}/roles"
    owner: dict[str, Any] = client.get("/api/v1/users/me").json()
    return str(owner.get("profile", {}).get("login", owner["id"])), f"/api/v1/users/{owner['id']}/roles"


def _role(client: RESTClient, roles: str) -> Finding:
    """Custom roles are bound to resource sets: listings are then shorter without any error."""
    remedy = "Make it a Read-only Administrator (Super Administrator where administrator roles are read)."
    try:
        types = {role["type"] for role in client.get(roles).json()}
    except SourceError:
        return Finding("whole organization visible", False, "its own administrator roles cannot be read", remedy)
    if types & WHOLE_ORGANIZATION:
        return Finding("whole organization visible", True, f"role {', '.join(sorted(types))}")
    shown = ", ".join(sorted(types)) or "no administrator role"
    return Finding(
        "whole organization visible", False, f"{shown}: Okta silently leaves out what it may not see", remedy
    )
