"""Resources of the organization itself: settings, people, credentials, and the probes that unmask an empty list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.contract import Collection, NotFound, NotPermitted, Permission, SourceError
from ingestion.sources.github import mapping
from ingestion.sources.github.client import SCOPES, Github, PageSize, Record, dig, segment

Pages = Iterator[tuple[str, Any]]
"""(raw table, Arrow page)."""

_OWNER_FIELD = "two_factor_requirement_enabled"
"""A field of `GET /orgs/{org}` which GitHub shows to owners only (and to Apps that may read the administration)."""


def profile(github: Github, collection: Collection) -> Record:
    """The organization as this credential sees it, read once per run."""

    def read() -> Record:
        found: Record = github.get(collection, f"/orgs/{segment(github.instance.org)}").json()
        return found

    return github.once("organization", read)


def sees_as_owner(github: Github, collection: Collection) -> bool:
    """Whether the credential sees the organization's settings as an owner does."""
    return profile(github, collection).get(_OWNER_FIELD) is not None


def _as_owner(github: Github, collection: Collection) -> Permission:
    if sees_as_owner(github, collection):
        return Permission("granted", "sees the organization as an owner does")
    return Permission("unknown", "does not see the organization as an owner does; what is hidden cannot be told")


def organization(github: Github, collection: Collection) -> Pages:
    """Settings of the organization: two-factor requirement, default permission, plan.

    Raises:
        NotPermitted: The credential sees the public profile only.
    """
    record = profile(github, collection)
    if not sees_as_owner(github, collection):
        raise NotPermitted(
            f"{collection.instance}: only the public profile of {github.instance.org} is visible.",
            "Use an owner's token with read access to the organization, or an App with Administration: read.",
        )
    collection.permission = _as_owner(github, collection)
    collection.page_done()
    yield "organization", collection.page("organization", mapping.rest_records([record], "updated_at"))


def repositories_of(github: Github, collection: Collection) -> list[Record]:
    """All repositories of the organization which the credential sees, read once per run.

    Where the configuration names the repositories in scope, the credential need not see the others.

    Raises:
        NotFound: A configured repository is not visible.
        NotPermitted: Fewer than the organization says it has, or none.
    """

    def read() -> list[Record]:
        return github.listing(collection, f"/orgs/{segment(github.instance.org)}/repos", "id", {"type": "all"})

    found = github.once("repositories", read)
    if github.instance.repositories:
        _check_configured(github, collection, found)
        return found
    total = repositories_total(github, collection)
    if not found or (total is not None and len(found) < total):
        raise NotPermitted(
            f"{collection.instance}: {len(found)} of {'?' if total is None else total} repositories of "
            f"{github.instance.org} are visible to this credential.",
            f"Give it read access to all repositories ({SCOPES}).",
        )
    return found


def _check_configured(github: Github, collection: Collection, found: list[Record]) -> None:
    visible = {str(record["name"]).casefold() for record in found}
    missing = [name for name in github.instance.repositories if name.casefold() not in visible]
    if missing:
        raise NotFound(
            f"{collection.instance}: {github.instance.org} shows this credential no repository {', '.join(missing)}.",
            f"Correct `repositories` of this instance, or give the credential read access to them ({SCOPES}).",
        )


def repositories_total(github: Github, collection: Collection) -> int | None:
    """How many repositories the organization says it has; None where it does not tell this credential."""
    record = profile(github, collection)
    counts = (record.get("public_repos"), record.get("total_private_repos"))
    return None if None in counts else sum(int(count or 0) for count in counts)


def repositories(github: Github, collection: Collection) -> Pages:
    """All visible repositories, compared with the number which the organization states or with the configured names."""
    records = repositories_of(github, collection)
    total = repositories_total(github, collection)
    if total is not None and len(records) >= total:
        collection.source_total = total
        detail = f"sees all {len(records)} repositories which the organization counts"
        collection.permission = Permission("granted", detail)
    elif github.instance.repositories:
        counted = "an unknown number" if total is None else str(total)
        detail = f"sees every configured repository, {len(records)} of {counted} of the organization in all"
        collection.permission = Permission("granted", detail)
    else:
        detail = "the organization does not tell this credential how many repositories it has"
        collection.permission = Permission("unknown", detail)
    yield "repositories", collection.page("repositories", mapping.rest_records(records, "updated_at"))


def members(github: Github, collection: Collection) -> Pages:
    """Members by role.

    Raises:
        NotPermitted: Only public members are visible: no owner among them, or fewer than the organization has.
    """
    org = segment(github.instance.org)
    seen: set[str] = set()
    for role in ("admin", "member"):
        records = github.listing(collection, f"/orgs/{org}/members", "id", {"role": role})
        if role == "admin" and not records:
            raise NotPermitted(
                f"{collection.instance}: no owner of {github.instance.org} is visible, though there must be one.",
                "The credential is not of a member of the organization, or lacks read:org (App: Members: read).",
            )
        seen.update(str(record["id"]) for record in records)
        yield "members", collection.page("members", mapping.members(records, role))
    total = _members_total(github, collection)
    if len(seen) < total:
        raise NotPermitted(
            f"{collection.instance}: {len(seen)} of {total} members of {github.instance.org} are visible.",
            "Concealed members are visible to members of the organization with read:org only.",
        )
    collection.source_total = total
    collection.permission = Permission("granted", f"sees all {total} members which the organization counts")


def _members_total(github: Github, collection: Collection) -> int:
    data = github.graphql(collection, "members_total", {"org": github.instance.org}, heavy=False)
    found = dig(data, ("organization", "membersWithRole"))
    if found is None:
        raise NotPermitted(
            f"{collection.instance}: GraphQL does not show {github.instance.org} to this credential.",
            f"Grant it {SCOPES}.",
        )
    return int(found["totalCount"])


def outside_collaborators(github: Github, collection: Collection) -> Pages:
    """People with access who are not members; an empty list counts only when an owner reads it.

    Raises:
        NotPermitted: An empty list for a credential that might not see them.
    """
    path = f"/orgs/{segment(github.instance.org)}/outside_collaborators"
    records = github.listing(collection, path, "id")
    collection.permission = _as_owner(github, collection)
    if not records and collection.permission.result != "granted":
        raise NotPermitted(
            f"{collection.instance}: no outside collaborator is visible, to a credential that may not see them.",
            "Use an owner's token, or an App with Members: read and Administration: read.",
        )
    yield "outside_collaborators", collection.page("outside_collaborators", mapping.rest_records(records))


def credential_authorizations(github: Github, collection: Collection) -> Pages:
    """Credentials authorized for SAML single sign-on; not offered (404) to an organization without it.

    Raises:
        NotPermitted: A 404 for a credential that might not see them.
    """
    path = f"/orgs/{segment(github.instance.org)}/credential-authorizations"
    try:
        records = github.listing(collection, path, "credential_id")
    except NotFound as error:
        if not sees_as_owner(github, collection):
            raise NotPermitted(error.message, "Only an owner may list credential authorizations.") from None
        collection.permission = Permission("not_available", "the organization has no SAML single sign-on (404)")
        return
    collection.permission = _as_owner(github, collection)
    rows = mapping.rest_records(records, "credential_accessed_at", "credential_authorized_at", key="credential_id")
    yield "credential_authorizations", collection.page("credential_authorizations", rows)


def external_identities(github: Github, collection: Collection) -> Pages:
    """SAML and SCIM identities linked to accounts; not offered to an organization without an identity provider.

    Raises:
        NotPermitted: No identity provider shown, to a credential that might not see it.
        SourceError: Fewer identities than GitHub counts.
    """
    path = ("organization", "samlIdentityProvider", "externalIdentities")
    size = PageSize(github.instance.page_size)
    keys: set[str] = set()
    for found in github.connection(collection, "external_identities", {"org": github.instance.org}, path, size):
        collection.source_total = int(found["totalCount"])
        rows = [mapping.external_identity(node) for node in found["nodes"]]
        keys.update(key for key, _, _ in rows)
        yield "external_identities", collection.page("external_identities", rows)
    collection.permission = _as_owner(github, collection)
    if collection.source_total is None:
        if collection.permission.result != "granted":
            raise NotPermitted(
                f"{collection.instance}: no identity provider is visible, to a credential that may not see it.",
                "Use an owner's token with admin:org (read).",
            )
        collection.permission = Permission(
            "not_available", "no SAML identity provider at the organization (an enterprise may have its own)"
        )
    elif len(keys) < collection.source_total:
        raise SourceError(
            f"{collection.instance}: {len(keys)} of {collection.source_total} external identities were read.",
            "They changed meanwhile: collect again.",
        )
