"""What the code host says about a repository and its production branch (GitHub's shapes), and git's refs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ingestion.demo.changes import LINT, Check, Repository, RulesetVersion, Update
from ingestion.demo.forge import Credit, Played
from ingestion.demo.ids import Ids
from ingestion.demo.members import ORG, WEB, Login
from ingestion.demo.repositories import Commit
from ingestion.demo.store import Store
from ingestion.demo.timeline import CUTOFF, iso

Record = dict[str, Any]


class BranchWriter:
    """Writes what concerns the repository and its production branch."""

    def __init__(self, store: Store, repository: Repository, played: Played, ids: Ids, bots: dict[str, Login]) -> None:
        self.store, self.repo, self.played, self.ids, self.bots = store, repository, played, ids, bots
        self.context = {"repository_id": repository.id}

    # -- repository and rules ------------------------------------------------------------------------------------

    def repository(self) -> None:
        """The repository, also under the name which it got later."""
        repo, renamed = self.repo, self.repo.renamed
        stretches = [(repo.created, repo.name, renamed[0] if renamed else None)]
        if renamed:
            stretches.append((renamed[0], renamed[1], None))
        for since, name, until in stretches:
            payload = {
                "id": int(repo.id),
                "node_id": f"R_{repo.id}",
                "name": name,
                "full_name": f"{ORG}/{name}",
                "private": True,
                "visibility": "private",
                "fork": False,
                "archived": False,
                "disabled": False,
                "default_branch": "main",
                "html_url": f"{WEB}/{ORG}/{name}",
                "created_at": iso(repo.created),
                "updated_at": iso(since),
                "pushed_at": iso(since),
            }
            self.store.add("github.repositories", repo.id, since, payload, until)

    def rules(self) -> None:
        """The ruleset with its history, and the rules as they apply to the branch."""
        repo, ruleset = self.repo, 9_000 + int(self.repo.id)
        for n, version in enumerate(repo.rules):
            until = repo.rules[n + 1].at if n + 1 < len(repo.rules) else None
            rules = _rules(version)
            state = {
                "id": ruleset,
                "name": "Protect production",
                "target": "branch",
                "source_type": "Repository",
                "source": f"{ORG}/{repo.name}",
                "enforcement": "active",
                "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
                "rules": rules,
                "bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}],
            }
            times = {"created_at": iso(repo.rules[0].at), "updated_at": iso(version.at)}
            key = f"{repo.id}/{ruleset}"
            self.store.add(
                "github.rulesets",
                key,
                version.at,
                {**state, **times, "node_id": f"RRS_{ruleset}", "_context": self.context},
                until,
            )
            number = ruleset * 100 + n + 1
            history = {
                "version_id": number,
                "actor": {"id": version.by.id, "type": "User"},
                "updated_at": iso(version.at),
                "state": state,
                "_context": {**self.context, "ruleset_id": str(ruleset)},
            }
            self.store.add("github.ruleset_history", f"{key}/{number}", version.at, history)
            source = {
                "ruleset_source_type": "Repository",
                "ruleset_source": f"{ORG}/{repo.name}",
                "ruleset_id": ruleset,
            }
            branch = {
                "protection": None,
                "rules": [{**rule, **source} for rule in rules],
                "_context": {**self.context, "branch": "main"},
            }
            self.store.add("github.branch_protection", f"{repo.id}/main", version.at, branch, until)

    # -- the branch ----------------------------------------------------------------------------------------------

    def branch(self) -> None:
        """Activity, rule suites, commits and refs of the production branch."""
        updates = self.played.updates
        for n, (update, reached) in enumerate(zip(updates, self.played.reached, strict=True)):
            until = updates[n + 1].at if n + 1 < len(updates) else None
            self._ref("refs/heads/main", update.after.sha, update.at, until)
            self._activity(update)
            for commit in reached:
                gone = self.played.lost.get(commit.sha)
                named = update.pull or (update.push and update.push.named_by)
                pulls = [{"databaseId": named.id, "number": named.number}] if named else []
                payload = {
                    **self.commit(commit),
                    "associatedPullRequests": {"nodes": pulls},
                    "_context": {**self.context, "branch": "main"},
                }
                self.store.add("github.commits", f"{self.repo.id}/main/{commit.sha}", update.at, payload, gone)
            if update.push and update.push.tested:
                head = update.after.sha
                self.check(head, Check(None, update.at - timedelta(minutes=9)))
                self.check(head, Check(None, update.at - timedelta(minutes=8), LINT, minutes=2))

    def _ref(self, ref: str, sha: str, since: datetime, until: datetime | None) -> None:
        payload = {"repository": self.repo.name, "ref": ref, "sha": sha}
        self.store.add("git.refs", f"{self.repo.name}/{ref}", since, payload, until)

    def _activity(self, update: Update) -> None:
        before = update.before.sha if update.before else "0" * 40
        payload = {
            "id": update.id,
            "node_id": f"PSH_{update.id}",
            "before": before,
            "after": update.after.sha,
            "ref": "refs/heads/main",
            "timestamp": iso(update.at),
            "activity_type": update.kind,
            "actor": update.actor.rest(),
            "_context": {**self.context, "branch": "main"},
        }
        self.store.add("github.activity", str(update.id), update.at, payload)
        if update.kind == "branch_creation":
            return
        number = self.ids.number("github.suite", 620_000_000, 300)
        suite = {
            "id": number,
            "actor_id": update.actor.id,
            "actor_name": update.actor.rest()["login"],
            "before_sha": before,
            "after_sha": update.after.sha,
            "ref": "refs/heads/main",
            "repository_id": int(self.repo.id),
            "repository_name": self.repo.name,
            "pushed_at": iso(update.at),
            "result": update.result,
            "evaluation_result": update.result,
            "_context": self.context,
        }
        self.store.add("github.rule_suites", str(number), update.at, suite)

    def commit(self, commit: Commit) -> Record:
        """A commit as GraphQL shows it."""
        credit: Credit = self.played.credits[commit.sha]
        return {
            "oid": commit.sha,
            "committedDate": iso(commit.committer.at),
            "authoredDate": iso(commit.author.at),
            "message": commit.message.rstrip("\n"),
            "authors": {"nodes": [_git_actor(*author) for author in credit.authors]},
            "committer": _git_actor(*credit.committer),
            "parents": {"nodes": [{"oid": sha} for sha in commit.parents]},
            "tree": {"oid": commit.tree},
        }

    def check(self, sha: str, check: Check) -> None:
        """A check run of a commit."""
        number = self.ids.number("github.check", 30_000_000_000, 90_000)
        app, slug = check.app
        done = iso(check.completed)
        payload = {
            "databaseId": number,
            "name": check.name,
            "status": "COMPLETED",
            "conclusion": check.conclusion,
            "startedAt": iso(check.completed - timedelta(minutes=check.minutes)),
            "completedAt": done,
            "detailsUrl": f"{self.repo.url}/actions/runs/{number}",
            "_context": {
                **self.context,
                "oid": sha,
                "app_id": str(app),
                "app_slug": slug,
                "suite_status": "COMPLETED",
                "suite_conclusion": check.conclusion,
            },
        }
        self.store.add("github.check_runs", f"{self.repo.id}/{sha}/{number}", check.completed, payload)

    # -- deployments ---------------------------------------------------------------------------------------------

    def deployments(self) -> None:
        """Every third state of the branch that stood for half an hour and was tested goes to production."""
        updates = self.played.updates
        for n, update in enumerate(updates):
            following = updates[n + 1].at if n + 1 < len(updates) else CUTOFF
            rewritten = n + 1 < len(updates) and updates[n + 1].kind == "force_push"
            tested = update.pull is not None and "merge" in update.pull.standard and not rewritten
            if n % 3 == 0 and tested and following - update.at > timedelta(minutes=40):
                self.deploy(update.after.sha, update.at + timedelta(minutes=20))
            if update.pull is not None and "deploy" in update.pull.standard:
                self.deploy(update.after.sha, update.at + timedelta(minutes=20))

    def deploy(self, sha: str, when: datetime) -> None:
        """One deployment to production."""
        number = self.ids.number("github.deployment", 1_300_000_000, 7_000)
        done = when + timedelta(minutes=4)
        payload = {
            "id": f"DE_{number}",
            "databaseId": number,
            "commitOid": sha,
            "createdAt": iso(when),
            "environment": "production",
            "creator": self.bots["harbor-deploy"].node(),
            "latestStatus": {"state": "SUCCESS", "createdAt": iso(done)},
            "_context": self.context,
        }
        self.store.add("github.deployments", str(number), done, payload)


def _git_actor(name: str, email: str, login: Login | None) -> Record:
    return {"name": name, "email": email, "user": login.node(typed=False) if login and login.kind == "User" else None}


def _rules(version: RulesetVersion) -> list[Record]:
    checks = [{"context": name, "integration_id": app} for name, app in version.checks]
    rules: list[Record] = [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {
            "type": "pull_request",
            "parameters": {
                "required_approving_review_count": version.approvals,
                "dismiss_stale_reviews_on_push": False,
                "require_code_owner_review": False,
                "require_last_push_approval": False,
                "required_review_thread_resolution": False,
                "allowed_merge_methods": ["merge", "squash", "rebase"],
            },
        },
    ]
    if checks:
        parameters = {"strict_required_status_checks_policy": False, "required_status_checks": checks}
        rules.append({"type": "required_status_checks", "parameters": parameters})
    return rules
