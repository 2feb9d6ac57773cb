"""What the code host says about repositories and changes, version by version (GitHub's shapes)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ingestion.demo.changes import LINT, Check, Pull, Repository
from ingestion.demo.codehost_branch import BranchWriter
from ingestion.demo.forge import Played, branch_of
from ingestion.demo.ids import Ids
from ingestion.demo.members import ORG, WEB, Login
from ingestion.demo.store import Store
from ingestion.demo.timeline import LOG_FROM, TICKS, iso

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


class _Writer(BranchWriter):
    """Writes the requests too."""

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
