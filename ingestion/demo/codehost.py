"""What the code host says about repositories and changes (GitHub's shapes), and where git's refs point when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ingestion.demo.changes import LINT, Check, Pull, Repository, RulesetVersion, Update
from ingestion.demo.forge import Credit, Played, branch_of
from ingestion.demo.ids import Ids
from ingestion.demo.members import ORG, WEB, Login
from ingestion.demo.repositories import Commit
from ingestion.demo.store import Store
from ingestion.demo.timeline import CUTOFF, LOG_FROM, TICKS, iso

Record = dict[str, Any]


def fill(
    store: Store, repositories: list[Repository], played: dict[str, Played], ids: Ids, bots: dict[str, Login]
) -> None:
    """Write all tables about code."""
    _organization(store, repositories[0].created)
    for repository in repositories:
        writer = _Writer(store, repository, played[repository.id], ids, bots)
        writer.repository()
        writer.rules()
        writer.branch()
        for pull in sorted(repository.pulls, key=lambda p: p.number):
            writer.pull(pull)
        if repository.deploys:
            writer.deployments()


def _organization(store: Store, since: datetime) -> None:
    payload = {
        "id": 88_001,
        "login": ORG,
        "name": "Harbor Payroll, Inc.",
        "node_id": "O_88001",
        "html_url": f"{WEB}/{ORG}",
        "type": "Organization",
        "created_at": iso(since),
        "two_factor_requirement_enabled": True,
        "default_repository_permission": "none",
        "members_can_create_repositories": False,
    }
    store.add("github.organization", "88001", min(since, LOG_FROM), payload)


class _Writer:
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
                pulls = [{"databaseId": update.pull.id, "number": update.pull.number}] if update.pull else []
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

    # -- requests ------------------------------------------------------------------------------------------------

    def pull(self, pull: Pull) -> None:
        """A request with its commits, reviews, events and checks."""
        context = {**self.context, "pull_request_id": str(pull.id)}
        for n, (pushed, commit) in enumerate(pull.commits):
            live = [c for _, c in pull.commits[: n + 1] if c.sha not in pull.dropped or commit.sha in pull.dropped]
            payload = {**self.commit(commit), "_context": {**context, "position": str(len(live))}}
            since = max(pushed, pull.created)
            self.store.add(
                "github.pull_request_commits", f"{pull.id}/{commit.sha}", since, payload, pull.dropped.get(commit.sha)
            )
        for n, push in enumerate(pull.pushes):
            until = pull.pushes[n + 1].at if n + 1 < len(pull.pushes) else None
            since = pull.created if n == 0 else push.at
            self._ref(f"refs/pull/{pull.number}/head", pull.shas[n], since, until)
            if "head" in pull.standard:
                self.check(pull.shas[n], Check(None, push.at + timedelta(minutes=6, seconds=7 * n)))
                self.check(pull.shas[n], Check(None, push.at + timedelta(minutes=3), LINT, minutes=2))
        self._reviews(pull, context)
        self._events(pull, context)
        self._checks(pull)
        for since, until in _versions(pull):
            self.store.add("github.pull_requests", str(pull.id), since, self._pull(pull, since), until)

    def _checks(self, pull: Pull) -> None:
        for check in pull.checks:
            if check.on is not None:
                self.check(pull.shas[check.on], check)
            elif pull.merged:
                self.check(pull.merged.sha, check)
        if pull.merge and pull.merged and "merge" in pull.standard:
            queued = pull.merge.queued_at
            done = queued + timedelta(minutes=8) if queued else pull.merge.at + timedelta(minutes=7)
            self.check(pull.merged.sha, Check(None, done))
            self.check(pull.merged.sha, Check(None, done - timedelta(minutes=4), LINT, minutes=2))

    def _reviews(self, pull: Pull, context: Record) -> None:
        for review in pull.reviews:
            number = self.ids.number("github.review", 2_400_000_000, 4_000)
            on = review.on
            if on is None:
                on = max(n for n, push in enumerate(pull.pushes) if n == 0 or push.at <= review.at)
            payload = {
                "databaseId": number,
                "author": review.by.node(),
                "authorCanPushToRepository": review.can_push,
                "state": review.state,
                "body": review.body,
                "submittedAt": iso(review.at),
                "url": f"{self.repo.url}/pull/{pull.number}#pullrequestreview-{number}",
                "commit": {"oid": pull.shas[on]},
                "_context": context,
            }
            until = review.dismissed[0] if review.dismissed else None
            self.store.add("github.pull_request_reviews", str(number), review.at, payload, until)
            if review.dismissed:
                when, who = review.dismissed
                gone = {**payload, "state": "DISMISSED"}
                self.store.add("github.pull_request_reviews", str(number), when, gone)
                event = {
                    "dismissalMessage": "No longer applies",
                    "previousReviewState": review.state,
                    "review": {"databaseId": number, "author": review.by.node()},
                }
                self._event("ReviewDismissedEvent", when, who, context, event)

    def _event(self, kind: str, when: datetime, actor: Login, context: Record, more: Record) -> None:
        key = f"{kind[:3].upper()}_{self.ids.number('github.event', 12_000_000_000, 9_000)}"
        payload = {
            "__typename": kind,
            "id": key,
            "createdAt": iso(when),
            "actor": actor.node(),
            **more,
            "_context": context,
        }
        self.store.add("github.pull_request_events", key, when, payload)

    def _events(self, pull: Pull, context: Record) -> None:
        if pull.ready_at:
            self._event("ReadyForReviewEvent", pull.ready_at, pull.author, context, {})
        if pull.auto_merge_at:
            enabler = {"enabler": pull.author.node(typed=False)}
            self._event("AutoMergeEnabledEvent", pull.auto_merge_at, pull.author, context, enabler)
        for n, push in enumerate(pull.pushes):
            if push.kind == "force":
                moved = {"beforeCommit": {"oid": pull.shas[n - 1]}, "afterCommit": {"oid": pull.shas[n]}}
                self._event("HeadRefForcePushedEvent", push.at, push.by, context, moved)
        if pull.merge and pull.merged:
            if pull.merge.queued_at and pull.merge.enqueuer:
                queued = pull.merge.queued_at - timedelta(seconds=20)
                who = pull.merge.enqueuer
                self._event("AddedToMergeQueueEvent", queued, who, context, {"enqueuer": who.node(typed=False)})
            commit = {"commit": {"oid": pull.merged.sha}}
            self._event("MergedEvent", pull.merge.at, pull.merge.by, context, commit)

    def _pull(self, pull: Pull, when: datetime) -> Record:
        merged = pull.merge if pull.merge and pull.merge.at <= when else None
        closed = pull.closed is not None and pull.closed <= when
        head = max(n for n, push in enumerate(pull.pushes) if n == 0 or push.at <= when)
        paths = sorted(pull.paths)
        commit = pull.merged if merged else None
        return {
            "databaseId": pull.id,
            "number": pull.number,
            "title": pull.full_title,
            "url": f"{self.repo.url}/pull/{pull.number}",
            "state": "MERGED" if merged else "CLOSED" if closed else "OPEN",
            "isDraft": pull.ready_at is not None and when < pull.ready_at,
            "createdAt": iso(pull.created),
            "updatedAt": iso(when),
            "mergedAt": iso(merged.at) if merged else None,
            "mergedBy": merged.by.node() if merged else None,
            "author": pull.author.node(),
            "baseRefName": "main",
            "headRefName": branch_of(pull),
            "headRefOid": pull.shas[head],
            "isCrossRepository": pull.from_fork,
            "mergeCommit": {"oid": commit.sha, "parents": {"nodes": [{"oid": s} for s in commit.parents]}}
            if commit
            else None,
            "labels": {"nodes": [{"name": label} for label in pull.labels]},
            "additions": len(paths),
            "deletions": len(paths),
            "changedFiles": len(paths),
            "files": {"nodes": [{"path": path} for path in paths]},
            "body": f"Request: {pull.ticket.key}" if pull.ticket and pull.names_ticket else "",
            "_context": self.context,
        }

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


def _versions(pull: Pull) -> list[tuple[datetime, datetime | None]]:
    """Stretches in which the request looked the same, as far as a collection can tell them apart."""
    points = {pull.created, *(push.at for push in pull.pushes[1:])}
    points |= {review.at for review in pull.reviews} | {r.dismissed[0] for r in pull.reviews if r.dismissed}
    points |= {when for when in (pull.merge.at if pull.merge else None, pull.closed, pull.ready_at) if when}
    ordered = sorted(points)
    kept = [
        when
        for n, when in enumerate(ordered)
        if n == 0 or n + 1 == len(ordered) or any(when <= t < ordered[n + 1] for t in TICKS)
    ]
    return [(when, kept[n + 1] if n + 1 < len(kept) else None) for n, when in enumerate(kept)]
