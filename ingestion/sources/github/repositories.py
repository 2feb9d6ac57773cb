"""Resources read repository by repository over REST: access, protection, rulesets, rule suites, activity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from requests import Response

from ingestion.contract import Collection, NotFound, NotPermitted, Permission
from ingestion.sources.github import mapping
from ingestion.sources.github.client import Github, Record, message, segment
from ingestion.sources.github.organization import Pages, repositories_of

if TYPE_CHECKING:
    from datetime import datetime

_NOT_PROTECTED = "branch not protected"
_NO_BRANCH = "branch not found"
_NOT_OFFERED = "upgrade to github"
_ADMINISTRATION = "Give the credential admin access to the repository (App: Administration: read)."


def in_scope(github: Github, collection: Collection) -> list[Record]:
    """Repositories in scope: the configured ones, or all.

    Raises:
        NotFound: A configured repository is not visible.
    """
    records = repositories_of(github, collection)
    wanted = github.instance.repositories
    if not wanted:
        return records
    by_name = {str(record["name"]).casefold(): record for record in records}
    return [by_name[name.casefold()] for name in dict.fromkeys(map(str.casefold, wanted))]


def production_branches(github: Github, repository: Record) -> tuple[str, ...]:
    """Production branches of a repository: the configured ones, or its default branch."""
    configured = _configured_branches(github).get(str(repository["name"]).casefold())
    if configured is not None:
        return configured
    return (str(repository["default_branch"]),) if repository.get("default_branch") else ()


def is_configured(github: Github, repository: Record) -> bool:
    """Whether the production branches of this repository are named in the configuration (and so must exist)."""
    return str(repository["name"]).casefold() in _configured_branches(github)


def _configured_branches(github: Github) -> dict[str, tuple[str, ...]]:
    """Configured branches by repository; GitHub's names do not differ by case."""
    return {name.casefold(): branches for name, branches in github.instance.production_branches.items()}


def branches_in_scope(github: Github, collection: Collection) -> Iterator[tuple[Record, str]]:
    """Every production branch of every repository in scope.

    Raises:
        NotFound: Branches are configured for a repository that is not there: its default branch would be taken for
            production without a word.
    """
    repositories = in_scope(github, collection)
    known = {str(record["name"]).casefold() for record in repositories_of(github, collection)}
    unknown = [name for name in github.instance.production_branches if name.casefold() not in known]
    if unknown:
        raise NotFound(
            f"{collection.instance}: `production_branches` names no repository of {github.instance.org}: "
            f"{', '.join(unknown)}.",
            "Correct the names; that of a renamed repository is the new one.",
        )
    for repository in repositories:
        for branch in production_branches(github, repository):
            yield repository, branch


def path_of(github: Github, repository: Record) -> str:
    """Path of a repository in the REST API."""
    return f"/repos/{segment(github.instance.org)}/{segment(str(repository['name']))}"


def _branches(github: Github, collection: Collection) -> Iterator[tuple[Record, str, str]]:
    """(repository, its id, branch) for every production branch in scope; written to the parameters."""
    for repository, branch in branches_in_scope(github, collection):
        repository_id = str(repository["id"])
        collection.parameters.setdefault("branches", {}).setdefault(repository_id, []).append(branch)
        yield repository, repository_id, branch


def repository_collaborators(github: Github, collection: Collection) -> Pages:
    """Everybody with access to each repository, by whatever way, with the resulting permission.

    Raises:
        NotPermitted: A repository whose collaborators the credential may not list, or an empty list.
    """
    for repository in in_scope(github, collection):
        path = f"{path_of(github, repository)}/collaborators"
        records = github.listing(collection, path, "id", {"affiliation": "all"})
        if not records:
            raise NotPermitted(
                f"{collection.instance}: {path} shows nobody, though the organization's owners have access.",
                "Give the credential push access to the repository (App: Metadata: read and Members: read).",
            )
        rows = mapping.of_repository(records, str(repository["id"]), keyed=True)
        yield "repository_collaborators", collection.page("repository_collaborators", rows)
    collection.permission = Permission("granted", "collaborators of every repository in scope were listed")


def branch_protection(github: Github, collection: Collection) -> Pages:
    """Protection settings and active rules of each production branch."""
    for repository, _, branch in _branches(github, collection):
        row = protection_of(github, collection, repository, branch)
        if row is not None:
            yield "branch_protection", collection.page("branch_protection", [row])
    collection.permission = Permission("granted", "protection of every production branch was answered")


def protection_of(github: Github, collection: Collection, repository: Record, branch: str) -> mapping.Raw | None:
    """Protection of one branch; None for the default branch of a repository without commits.

    Raises:
        NotFound: A configured branch does not exist.
        NotPermitted: GitHub does not show the protection to this credential.
    """
    base = path_of(github, repository)
    response = github.get(collection, f"{base}/branches/{segment(branch)}/protection", accept=(403, 404))
    if response.status_code == 404 and message(response).lower() == _NO_BRANCH:
        if is_configured(github, repository):
            raise NotFound(
                f"{collection.instance}: {repository['name']} has no branch {branch}.",
                "Correct `production_branches` of this instance.",
            )
        return None
    settings, reason = _settings(github, repository, branch, response)
    offered = not reason.lower().startswith(_NOT_OFFERED)
    rules = _rules(github, collection, base, branch) if offered else []
    return mapping.protection(str(repository["id"]), branch, rules, settings, reason)


def _settings(github: Github, repository: Record, branch: str, response: Response) -> tuple[Record | None, str]:
    """Protection settings, or None with GitHub's reason; a refusal is told from "not protected".

    A 404 "Branch not protected" counts only for a credential with admin permission; every other 403 or 404 is a
    refusal, except that the plan does not offer protection.
    """
    if response.status_code == 200:
        return response.json(), ""
    said = message(response)
    if response.status_code == 403 and said.lower().startswith(_NOT_OFFERED):
        return None, said
    may_administer = (repository.get("permissions") or {}).get("admin")
    if response.status_code == 404 and said.lower() == _NOT_PROTECTED and (may_administer or github.is_app):
        return None, said
    raise NotPermitted(
        f"{github.instance.instance}: protection of {repository['name']}/{branch} is not visible "
        f"(HTTP {response.status_code}: {said or 'no message'}).",
        _ADMINISTRATION,
    )


def _rules(github: Github, collection: Collection, base: str, branch: str) -> list[Any]:
    return [rule for page in github.pages(collection, f"{base}/rules/branches/{segment(branch)}") for rule in page]


def rulesets(github: Github, collection: Collection) -> Pages:
    """Rulesets that apply to each repository, with their rules, bypass actors and every earlier version.

    GitHub shows the history to those only who may write the ruleset, and an enterprise's nowhere here: the rulesets
    are collected without it, and the permission says so.
    """
    hidden = _Hidden()
    for repository in in_scope(github, collection):
        repository_id, base = str(repository["id"]), path_of(github, repository)
        for listed in github.listing(collection, f"{base}/rulesets", "id", {"includes_parents": "true"}):
            ruleset_id = str(listed["id"])
            detail: Record = github.get(collection, f"{base}/rulesets/{ruleset_id}").json()
            rows = mapping.of_repository([detail], repository_id, "updated_at", keyed=True)
            yield "rulesets", collection.page("rulesets", rows)
            found = _versions(github, collection, base, detail)
            hidden.note(detail, ruleset_id, found)
            versions = [mapping.ruleset_version(version, repository_id, ruleset_id) for version in found or []]
            yield "ruleset_history", collection.page("ruleset_history", versions)
    if hidden.histories:
        collection.parameters["without_history"] = sorted(hidden.histories)
    collection.permission = hidden.permission()


class _Hidden:
    """What GitHub did not show of the rulesets, by ruleset id."""

    def __init__(self) -> None:
        self.bypass_actors: set[str] = set()
        self.histories: set[str] = set()
        self.of_enterprise: set[str] = set()

    def note(self, ruleset: Record, ruleset_id: str, versions: list[Record] | None) -> None:
        """Note what one ruleset lacks."""
        if "bypass_actors" not in ruleset:
            self.bypass_actors.add(ruleset_id)
        if versions is None:
            self.histories.add(ruleset_id)
            if ruleset.get("source_type") == "Enterprise":
                self.of_enterprise.add(ruleset_id)

    def permission(self) -> Permission:
        """Granted when nothing is hidden."""
        refused = len(self.histories - self.of_enterprise)
        parts = [
            (len(self.bypass_actors), "bypass actors of {} rulesets are hidden: they need write access to the ruleset"),
            (refused, "history of {} rulesets is hidden: it needs Administration: write"),
            (len(self.of_enterprise), "history of {} rulesets of the enterprise is not offered to an organization"),
        ]
        said = [text.format(number) for number, text in parts if number]
        if said:
            return Permission("unknown", "; ".join(said))
        return Permission("granted", "rulesets of every repository in scope, with their bypass actors and history")


def _versions(github: Github, collection: Collection, base: str, ruleset: Record) -> list[Record] | None:
    """Versions of a ruleset with their state; None where GitHub hides them (403, 404) or has no address for them.

    A ruleset of the organization has its history there, one of the enterprise has none below an organization.
    """
    if ruleset.get("source_type") == "Enterprise":
        return None
    if ruleset.get("source_type") == "Organization":
        base = f"/orgs/{segment(github.instance.org)}"
    path = f"{base}/rulesets/{ruleset['id']}/history"

    def read() -> list[Record] | None:
        try:
            listed = github.listing(collection, path, "version_id")
            return [github.get(collection, f"{path}/{version['version_id']}").json() for version in listed]
        except (NotFound, NotPermitted):
            return None

    return github.once(path, read)


def _inside(collection: Collection, record: Record, field: str) -> bool:
    when = mapping.time(record, field)
    start = collection.window.start
    return when is None or ((start is None or when >= start) and when < collection.window.end)


def rule_suites(github: Github, collection: Collection) -> Pages:
    """Evaluations of rules at each push of the last month; failed and bypassed ones with every rule's result."""
    for repository in in_scope(github, collection):
        base = f"{path_of(github, repository)}/rulesets/rule-suites"
        for page in github.pages(collection, base, {"time_period": "month"}):
            suites = [
                _with_evaluations(github, collection, base, suite)
                for suite in page
                if _inside(collection, suite, "pushed_at")
            ]
            rows = mapping.of_repository(suites, str(repository["id"]), "pushed_at")
            yield "rule_suites", collection.page("rule_suites", rows)
    collection.permission = Permission("granted", "rule suites of every repository in scope were listed")


def _with_evaluations(github: Github, collection: Collection, base: str, suite: Record) -> Record:
    if suite.get("result") == "pass" and suite.get("evaluation_result") in (None, "pass"):
        return suite
    detail: Record = github.get(collection, f"{base}/{suite['id']}").json()
    return detail


def activity(github: Github, collection: Collection) -> Pages:
    """Pushes, forced pushes and merges to each production branch, newest first until the window's start."""
    start: datetime | None = collection.window.start
    for repository, repository_id, branch in _branches(github, collection):
        path = f"{path_of(github, repository)}/activity"
        for page in github.pages(collection, path, {"ref": f"refs/heads/{branch}", "direction": "desc"}):
            inside = [record for record in page if _inside(collection, record, "timestamp")]
            rows = mapping.of_repository(inside, repository_id, "timestamp", branch=branch)
            yield "activity", collection.page("activity", rows)
            oldest = mapping.time(page[-1], "timestamp") if page else None
            if start is not None and oldest is not None and oldest < start:
                break
    collection.permission = Permission("granted", "activity of every production branch was listed")
