"""What `doctor` asks GitHub: is the credential accepted, what may it see, what will be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from ingestion.contract import Collection, Finding, SourceError, Window
from ingestion.sources.github.app import InstallationToken
from ingestion.sources.github.client import Github, segment
from ingestion.sources.github.config import GithubInstance
from ingestion.sources.github.organization import repositories_of, sees_as_owner
from ingestion.sources.github.repositories import branches_in_scope, path_of, protection_of

_IMPLIED = {
    "read:org": ("read:org", "write:org", "admin:org"),
    "repo": ("repo",),
}
"""Scopes a classic token or OAuth token needs, and the scopes that include them."""
_NEEDED = {
    "members": "organization Members",
    "organization_administration": "organization Administration",
    "metadata": "Metadata",
    "contents": "Contents",
    "pull_requests": "Pull requests",
    "checks": "Checks",
    "statuses": "Commit statuses",
    "deployments": "Deployments",
    "administration": "Administration",
}
"""Permissions an App needs to read, as GitHub names them in a token and in its settings."""


def findings(instance: GithubInstance) -> Iterator[Finding]:
    """Check credential, scopes, visibility and reachability; nothing is collected.

    Args:
        instance: The organization.

    Yields:
        One finding per check; later checks are left out when the credential itself is not accepted.
    """
    scratch = Collection(instance.instance, instance.instance, "doctor", Window(None, _EPOCH), _EPOCH)
    try:
        github = Github(instance)
        response = github.get(scratch, f"/orgs/{segment(instance.org)}")
    except SourceError as error:
        yield Finding("credential", False, error.message, error.remedy)
        return
    yield Finding("credential", True, f"{instance.org} answers at {instance.base_url}")
    if isinstance(github.login, InstallationToken):
        yield from _permissions(github.login)
    else:
        yield _scopes(response.headers.get("x-oauth-scopes"))
    owner = sees_as_owner(github, scratch)
    yield Finding(
        "organization",
        owner,
        "settings are visible" if owner else "only the public profile is visible",
        "" if owner else "Use an owner's token, or an App with Administration: read on the organization.",
    )
    yield _try("repositories", lambda: f"{len(repositories_of(github, scratch))} repositories are visible")
    yield _try("branch protection", lambda: _protection(github, scratch))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The scratch collection of `doctor` has no window and is never written."""


def _try(check: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(check, True, ask())
    except SourceError as error:
        return Finding(check, False, error.message, error.remedy)


def _scopes(header: str | None) -> Finding:
    if header is None:
        return Finding("scopes", True, "a fine-grained token or an App: it has permissions, not scopes")
    granted = {scope.strip() for scope in header.split(",")}
    missing = [scope for scope, ways in _IMPLIED.items() if not granted & set(ways)]
    return Finding(
        "scopes",
        not missing,
        f"granted: {', '.join(sorted(granted - {''})) or 'none'}",
        f"Grant {', '.join(missing)}." if missing else "",
    )


def _permissions(login: InstallationToken) -> Iterator[Finding]:
    """What the App's installation may read, as GitHub said when it gave the token."""
    missing = [shown for name, shown in _NEEDED.items() if not login.granted.get(name)]
    yield Finding(
        "permissions",
        not missing,
        f"granted: {', '.join(f'{name}: {level}' for name, level in sorted(login.granted.items())) or 'none'}",
        f"Grant the App, to read: {', '.join(missing)}; then accept them for the installation." if missing else "",
    )
    whole = all(login.granted.get(name) == "write" for name in ("administration", "organization_administration"))
    yield Finding(
        "history of rulesets",
        True,
        "is shown (Administration: write)"
        if whole
        else "may be hidden: it needs Administration: write; see the README",
    )


def _protection(github: Github, scratch: Collection) -> str:
    """Ask for the protection and the collaborators of the first repository in scope that has a branch."""
    for repository, branch in branches_in_scope(github, scratch):
        if protection_of(github, scratch, repository, branch) is not None:
            github.get(scratch, f"{path_of(github, repository)}/collaborators", params={"per_page": 1})
            return f"protection and collaborators of {repository['name']} are visible"
    return "no repository in scope has a branch"
