"""A small GitHub organization, made by hand, for the tests of its connector."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

from ingestion.demo.store import Store

START = datetime(2025, 1, 1, tzinfo=UTC)
ORG = "harbor-test"
API, WEB, EMPTY = "101", "102", "103"
HTML = "https://github.harbor.example"


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def oid(*parts: object) -> str:
    return sha1("/".join(map(str, parts)).encode()).hexdigest()


def actor(number: int) -> dict[str, Any]:
    if number % 50 == 0:
        return {"__typename": "Bot", "login": f"app{number}[bot]", "databaseId": 9_000_000 + number}
    return {"__typename": "User", "login": f"dev{number}", "databaseId": 1_000 + number}


def person(number: int) -> dict[str, Any]:
    return {"login": f"dev{number}", "id": 1_000 + number, "type": "User", "site_admin": False}


def git_actor(number: int) -> dict[str, Any]:
    user = {"login": f"dev{number}", "databaseId": 1_000 + number}
    return {"name": f"Dev {number}", "email": f"dev{number}@harbor.example", "user": user}


def commit(name: str, when: datetime, number: int = 1, authors: int = 1, parents: int = 1) -> dict[str, Any]:
    return {
        "oid": oid(name),
        "committedDate": stamp(when),
        "authoredDate": stamp(when - timedelta(minutes=5)),
        "message": f"change {name}\n\nCo-authored-by: Dev 2 <dev2@harbor.example>",
        "authors": {"nodes": [git_actor(number + n) for n in range(authors)]},
        "committer": git_actor(number),
        "tree": {"oid": oid(name, "tree")},
        "parents": {"nodes": [{"oid": oid(name, "parent", n)} for n in range(parents)]},
    }


class Company:
    """Fills a store; every method adds records that the loopback server then serves."""

    def __init__(self) -> None:
        self.store = Store()
        self.number = 0
        self.put("organization", "1", {
            "id": 1, "login": ORG, "name": "Harbor Test", "two_factor_requirement_enabled": True,
            "default_repository_permission": "read", "created_at": stamp(START), "updated_at": stamp(START),
        })  # fmt: skip
        for repository_id, name in ((API, "api"), (WEB, "web"), (EMPTY, "empty")):
            self.repository(repository_id, name)
        for repository_id in (API, WEB):
            self.protect(repository_id, "main")

    def put(self, table: str, key: str, payload: dict[str, Any], when: datetime = START) -> None:
        self.store.add(f"github.{table}", key, when, payload)

    def repository(self, repository_id: str, name: str) -> None:
        self.put("repositories", repository_id, {
            "id": int(repository_id), "name": name, "full_name": f"{ORG}/{name}", "private": True,
            "default_branch": "main", "html_url": f"{HTML}/{ORG}/{name}", "archived": False,
            "created_at": stamp(START), "updated_at": stamp(START),
            "permissions": {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True},
        })  # fmt: skip

    def protect(self, repository_id: str, branch: str, reason: str = "") -> None:
        protection = None if reason else {"enforce_admins": {"enabled": True}}
        rules = [] if reason else [{"type": "deletion", "ruleset_id": 7}]
        context = {"repository_id": repository_id, "branch": branch} | ({"reason": reason} if reason else {})
        key = f"{repository_id}/{branch}"
        self.store.tables["github.branch_protection"] = [
            row for row in self.store.tables.get("github.branch_protection", []) if row.key != key
        ]
        self.put("branch_protection", key, {"protection": protection, "rules": rules, "_context": context})

    def people(self, members: int, outside: int) -> None:
        for n in range(members):
            self.put("members", str(1_000 + n), person(n) | {"_context": {"role": "admin" if n < 2 else "member"}})
        for n in range(members, members + outside):
            self.put("outside_collaborators", str(1_000 + n), person(n))
        for repository_id in (API, WEB, EMPTY):
            for n in range(members):
                payload = person(n) | {"role_name": "write", "permissions": {"push": True, "admin": n < 2}}
                key = f"{repository_id}/{1_000 + n}"
                payload["_context"] = {"repository_id": repository_id}
                self.put("repository_collaborators", key, payload)

    def single_sign_on(self, identities: int) -> None:
        for n in range(identities):
            self.put("external_identities", f"guid-{n}", {
                "guid": f"guid-{n}", "samlIdentity": {"nameId": f"dev{n}@harbor.example", "username": None,
                "emails": [{"value": f"dev{n}@harbor.example"}]}, "scimIdentity": {"username": f"dev{n}"},
                "user": {"login": f"dev{n}", "databaseId": 1_000 + n},
            })  # fmt: skip
            self.put("credential_authorizations", str(500 + n), {
                "credential_id": 500 + n, "login": f"dev{n}", "credential_type": "personal access token",
                "credential_authorized_at": stamp(START), "credential_accessed_at": None, "scopes": ["repo"],
            })  # fmt: skip

    def ruleset(self, repository_id: str, ruleset_id: int, versions: int, source_type: str = "Repository") -> None:
        state = {
            "id": ruleset_id, "name": "main", "target": "branch", "source_type": source_type, "source": "x",
            "enforcement": "active", "bypass_actors": [{"actor_id": 1, "actor_type": "Team", "bypass_mode": "always"}],
            "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}, "rules": [{"type": "deletion"}],
        }  # fmt: skip
        context = {"repository_id": repository_id}
        times = {"created_at": stamp(START), "updated_at": stamp(START)}
        self.put("rulesets", f"{repository_id}/{ruleset_id}", state | times | {"_context": context})
        for version in range(1, versions + 1):
            self.put("ruleset_history", f"{repository_id}/{ruleset_id}/{version}", {
                "version_id": version, "actor": {"id": 1, "type": "User"}, "updated_at": stamp(START), "state": state,
                "_context": context | {"ruleset_id": str(ruleset_id)},
            })  # fmt: skip

    def push(self, repository_id: str, activity_id: int, when: datetime, result: str = "pass") -> None:
        self.put("activity", str(activity_id), {
            "id": activity_id, "node_id": f"PSH_{activity_id}", "before": oid(activity_id - 1), "after": oid(activity_id),
            "ref": "refs/heads/main", "timestamp": stamp(when), "activity_type": "push", "actor": person(1),
            "_context": {"repository_id": repository_id, "branch": "main"},
        }, when)  # fmt: skip
        self.put("rule_suites", str(activity_id + 50_000), {
            "id": activity_id + 50_000, "actor_id": 1_001, "actor_name": "dev1", "before_sha": oid(activity_id - 1),
            "after_sha": oid(activity_id), "ref": "refs/heads/main", "repository_id": int(repository_id),
            "pushed_at": stamp(when), "result": result, "rule_evaluations": [{"rule_type": "deletion", "result": result}],
            "_context": {"repository_id": repository_id},
        }, when)  # fmt: skip

    def pull_request(
        self, repository_id: str, database_id: int, when: datetime,
        *, reviews: int = 2, commits: int = 2, runs: int = 2, suites: int = 1, files: int = 3, events: int = 1,
        labels: int = 1, authors: int = 1, parents: int = 1,
    ) -> dict[str, Any]:  # fmt: skip
        self.number += 1
        context = {"repository_id": repository_id, "pull_request_id": str(database_id)}
        names = [f"{repository_id}-{database_id}-{n}" for n in range(commits)]
        merge = oid(f"{repository_id}-{database_id}-merge")
        pull = {
            "databaseId": database_id, "number": self.number, "title": f"ACC-{database_id} change", "body": "text",
            "url": f"{HTML}/{ORG}/{repository_id}/pull/{self.number}", "state": "MERGED", "isDraft": False,
            "createdAt": stamp(when - timedelta(hours=9)), "updatedAt": stamp(when), "mergedAt": stamp(when),
            "mergedBy": actor(2), "author": actor(1), "baseRefName": "main", "headRefName": f"b{database_id}",
            "headRefOid": oid(names[-1]), "isCrossRepository": False, "additions": 3, "deletions": 1,
            "changedFiles": files, "mergeCommit": {"oid": merge, "parents": {"nodes": [{"oid": oid(names[-1])}]}},
            "labels": {"nodes": [{"name": f"label-{n}"} for n in range(labels)]},
            "files": {"nodes": [{"path": f"src/{n}.py"} for n in range(files)]},
            "_context": {"repository_id": repository_id},
        }  # fmt: skip
        self.put("pull_requests", str(database_id), pull, when)
        for n in range(reviews):
            review_id = database_id * 1_000 + n
            self.put("pull_request_reviews", str(review_id), {
                "databaseId": review_id, "author": actor(n + 3), "state": "APPROVED", "body": "", "url": f"{HTML}/r/{review_id}",
                "submittedAt": stamp(when - timedelta(hours=2, minutes=-n)), "authorCanPushToRepository": True,
                "commit": {"oid": oid(names[-1])}, "_context": context,
            }, when)  # fmt: skip
        for position, name in enumerate(names, start=1):
            row = commit(name, when - timedelta(hours=3), 1, authors, parents)
            row["_context"] = context | {"position": str(position)}
            self.put("pull_request_commits", f"{database_id}/{oid(name)}", row, when)
        for n in range(events):
            self.put("pull_request_events", f"ME_{database_id}_{n}", {
                "__typename": "MergedEvent", "id": f"ME_{database_id}_{n}", "createdAt": stamp(when - timedelta(minutes=n)),
                "actor": actor(2), "commit": {"oid": merge}, "_context": context,
            }, when)  # fmt: skip
        self.checks(repository_id, oid(names[-1]), database_id * 1_000, when, runs, suites)
        landed = commit(f"{repository_id}-{database_id}-merge", when) | {
            "_context": {"repository_id": repository_id, "branch": "main"}
        }
        landed["associatedPullRequests"] = {"nodes": [{"databaseId": database_id}]}
        self.put("commits", f"{repository_id}/main/{merge}", landed, when)
        return pull

    def checks(self, repository_id: str, at: str, first: int, when: datetime, runs: int, suites: int = 1) -> None:
        for n in range(runs):
            number = 40_000_000_000 + first + n
            self.put("check_runs", f"{repository_id}/{at}/{number}", {
                "databaseId": number, "name": f"test-{n}", "status": "COMPLETED", "conclusion": "SUCCESS",
                "startedAt": stamp(when - timedelta(hours=1)), "completedAt": stamp(when - timedelta(minutes=50)),
                "detailsUrl": f"{HTML}/runs/{number}", "_context": {
                    "repository_id": repository_id, "oid": at, "app_id": str(15_368 + n % suites), "app_slug": f"app-{n % suites}",
                    "suite_status": "COMPLETED", "suite_conclusion": "SUCCESS",
                },
            }, when)  # fmt: skip

    def status(self, repository_id: str, at: str, context: str, when: datetime) -> None:
        self.put("check_runs", f"{repository_id}/{at}/status/{context}", {
            "context": context, "state": "SUCCESS", "createdAt": stamp(when),
            "_context": {"repository_id": repository_id, "oid": at},
        }, when)  # fmt: skip

    def deployment(self, repository_id: str, number: int, when: datetime, environment: str = "production") -> None:
        self.put("deployments", str(number), {
            "databaseId": number, "commitOid": oid(number), "createdAt": stamp(when), "environment": environment,
            "creator": actor(50), "latestStatus": {"state": "SUCCESS", "createdAt": stamp(when)},
            "_context": {"repository_id": repository_id},
        }, when)  # fmt: skip
