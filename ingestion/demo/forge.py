"""Plays the planned changes of a repository, in order of time, into git objects and movements of the branch."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingestion.demo.changes import DirectPush, Pull, Push, Repository, Update, Work
from ingestion.demo.ids import Ids
from ingestion.demo.members import ORG, Login
from ingestion.demo.repositories import Commit, Signature

WEB_FLOW = Login(19864447, "web-flow", commit_name="GitHub", commit_email="noreply@github.com")
_FOLDERS = ("ledger", "rates", "filings", "bank", "api", "jobs", "views", "docs")
_MODULES = ("entries", "limits", "mapping", "parser", "rules", "totals", "queue", "export")
_LINES = 24


@dataclass
class Credit:
    """Who a commit says made it: (name, e-mail, account or None) of authors, and of the committer."""

    authors: list[tuple[str, str, Login | None]]
    committer: tuple[str, str, Login | None]


@dataclass
class Played:
    """A repository after everything happened.

    Attributes:
        updates: movements of the production branch, oldest first.
        credits: by SHA.
        reached: commits that each update brought onto the branch, any parent.
        lost: first-parent commits that a forced push removed, with its instant.
    """

    repository: Repository
    updates: list[Update] = field(default_factory=list)
    credits: dict[str, Credit] = field(default_factory=dict)
    reached: list[list[Commit]] = field(default_factory=list)
    lost: dict[str, datetime] = field(default_factory=dict)


class _Player:
    def __init__(self, repository: Repository, ids: Ids) -> None:
        self.repository, self.git, self.ids = repository, repository.git, ids
        self.rng = ids.stream(f"code/{repository.id}")
        self.played = Played(repository)
        self.head: Commit | None = None
        self.line: list[Commit] = []  # first-parent history
        self.locked: dict[str, int] = {}
        self.bases: dict[int, Commit] = {}
        self.heads: dict[int, Commit] = {}
        self.changed: dict[int, dict[str, str]] = {}
        self.works: dict[int, list[tuple[Work, Commit, dict[str, str], str]]] = {}
        self.count = 0

    # -- content -------------------------------------------------------------------------------------------------

    def initial(self, by: Login) -> None:
        """The imported first commit."""
        files = {"README.md": self.git.blob(f"# {self.repository.name}\n".encode())}
        for folder in _FOLDERS:
            for module in _MODULES:
                text = "".join(f"{module}_{n} = {self.rng.randrange(10_000)}\n" for n in range(_LINES))
                files[f"{folder}/{module}.py"] = self.git.blob(text.encode())
        author = Signature(*by.signature(self.repository.created), self.repository.created)
        commit = self.git.commit([], files, author, author, "Import\n")
        self._credit(commit, [by], by)
        self._move(self.repository.created, commit, "branch_creation", by, [commit])

    def edit(self, files: dict[str, str], work: Work, owner: int) -> dict[str, str]:
        """New blobs for some files that no other open request touches."""
        assert self.head is not None
        main = self.head.files
        free = [
            path
            for path, blob in files.items()
            if self.locked.get(path, owner) == owner
            and (path in self.locked or main[path] == blob)
            and path != "README.md"
            and path.startswith(work.folder)
            and (work.folder or not path.startswith("docs/"))
        ]
        changes = {}
        for path in self.rng.sample(free, min(work.files, len(free))):
            self.locked[path] = owner
            lines = self.git.content(files[path]).decode().splitlines()
            n = self.rng.randrange(len(lines))
            self.count += 1
            lines[n] = f"{lines[n].partition(' = ')[0]} = {self.count * 10_000 + self.rng.randrange(10_000)}"
            changes[path] = self.git.blob(("\n".join(lines) + "\n").encode())
        return changes

    def _credit(
        self, commit: Commit, authors: list[Login], committer: Login, claim: tuple[str, str] | None = None
    ) -> None:
        when = commit.author.at
        named: list[tuple[str, str, Login | None]] = [(*a.signature(when), a) for a in authors]
        if claim:
            named[0] = (*claim, None)
        self.played.credits[commit.sha] = Credit(named, (*committer.signature(commit.committer.at), committer))

    def _move(self, when: datetime, commit: Commit, kind: str, actor: Login, reached: list[Commit]) -> Update:
        number = self.ids.number("github.activity", 7_000_000_000, 40_000)
        update = Update(when, self.head, commit, kind, actor, number)
        self.played.updates.append(update)
        self.played.reached.append(reached)
        self.head = commit
        return update

    # -- pull requests -------------------------------------------------------------------------------------------

    def push(self, pull: Pull, n: int) -> None:
        """Push number n of a request."""
        push, key = pull.pushes[n], id(pull)
        assert self.head is not None
        if n == 0:
            self.bases[key] = self.heads[key] = self.head
            self.changed[key], self.works[key] = {}, []
        if push.kind == "force":  # the branch is rebuilt on its base
            for _, commit in pull.commits:
                pull.dropped.setdefault(commit.sha, push.at)
            self.heads[key] = self.bases[key]
            self.changed[key], self.works[key] = {}, []
        if push.kind == "base_merge":
            self._merge_base(pull, push)
        for work in push.works:
            self._work(pull, push, work)
        pull.shas.append(self.heads[key].sha)

    def _merge_base(self, pull: Pull, push: Push) -> None:
        key = id(pull)
        assert self.head is not None
        files = {**self.head.files, **self.changed[key]}
        who = Signature(*push.by.signature(push.at), push.at - timedelta(seconds=30))
        message = f"Merge branch 'main' into {branch_of(pull)}\n"
        commit = self.git.commit([self.heads[key], self.head], files, who, who, message)
        self._credit(commit, [push.by], push.by)
        self.heads[key] = commit
        pull.commits.append((push.at, commit))

    def _work(self, pull: Pull, push: Push, work: Work) -> None:
        key = id(pull)
        base = self.heads[key]
        changes = self.edit(dict(base.files), work, pull.id)
        self.changed[key].update(changes)
        pull.paths |= set(changes)
        name, email = work.signed_as or work.author.signature(work.at)
        committer = work.committer or work.author
        subject = f"{pull.title}: step {len(self.works[key]) + 1}"
        credit = "".join("Co-authored-by: {} <{}>\n".format(*c.signature(work.at)) for c in work.co_authors)
        message = f"{subject}\n" + (f"\n{credit}" if credit else "")
        commit = self.git.commit(
            [base],
            {**base.files, **changes},
            Signature(name, email, work.at),
            Signature(*committer.signature(work.at), work.at),
            message,
        )
        self._credit(commit, [work.author, *work.co_authors], committer, work.signed_as)
        self.heads[key] = commit
        self.works[key].append((work, commit, changes, message))
        pull.commits.append((push.at, commit))

    def merge(self, pull: Pull) -> None:
        """Bring a request onto the production branch."""
        how, key = pull.merge, id(pull)
        assert how is not None
        made = how.queued_at or how.at
        commits = {"squash": self._squash, "merge": self._merge, "rebase": self._rebase}[how.method](pull, made)
        kind = "merge_queue_merge" if how.queued_at else "pr_merge"
        update = self._move(how.at, commits[-1], kind, how.by, commits)
        update.pull, update.result = pull, how.result
        pull.merged = commits[-1]
        self.line += [commits[-1]] if how.method != "rebase" else commits
        self.release(pull)
        del self.changed[key]

    def _squash(self, pull: Pull, when: datetime) -> list[Commit]:
        assert self.head is not None
        others = {id(who): who for work, *_ in self.works[id(pull)] for who in (work.author, *work.co_authors)}
        others.pop(id(pull.author), None)
        credit = "".join("Co-authored-by: {} <{}>\n".format(*who.signature(when)) for who in others.values())
        message = f"{pull.full_title} (#{pull.number})\n" + (f"\n{credit}" if credit else "")
        files = {**self.head.files, **self.changed[id(pull)]}
        author = Signature(*pull.author.signature(when), when)
        commit = self.git.commit([self.head], files, author, Signature("GitHub", "noreply@github.com", when), message)
        self._credit(commit, [pull.author, *others.values()], WEB_FLOW)
        return [commit]

    def _merge(self, pull: Pull, when: datetime) -> list[Commit]:
        assert self.head is not None
        assert pull.merge is not None
        files = {**self.head.files, **self.changed[id(pull)]}
        message = f"Merge pull request #{pull.number} from {ORG}/{branch_of(pull)}\n\n{pull.full_title}\n"
        who = pull.merge.by if pull.merge.by.kind == "User" else pull.author
        author = Signature(*who.signature(when), when)
        committer = Signature("GitHub", "noreply@github.com", when)
        commit = self.git.commit([self.head, self.heads[id(pull)]], files, author, committer, message)
        self._credit(commit, [who], WEB_FLOW)
        return [*(c for _, c in pull.commits if c.sha not in pull.dropped), commit]

    def _rebase(self, pull: Pull, when: datetime) -> list[Commit]:
        assert self.head is not None
        assert pull.merge is not None
        base, made = self.head, []
        for work, commit, changes, message in self.works[id(pull)]:
            committer = Signature(*pull.merge.by.signature(when), when)
            base = self.git.commit([base], {**base.files, **changes}, commit.author, committer, message)
            self._credit(base, [work.author, *work.co_authors], pull.merge.by, work.signed_as)
            made.append(base)
        return made

    def release(self, pull: Pull) -> None:
        """Free the files of a request that is over."""
        for path in [path for path, owner in self.locked.items() if owner == pull.id]:
            del self.locked[path]

    # -- direct pushes -------------------------------------------------------------------------------------------

    def direct(self, push: DirectPush) -> None:
        """Push to the production branch, after dropping commits from it."""
        assert self.head is not None
        before = self.head
        base = before
        for _ in range(push.drop):
            self.played.lost[base.sha] = push.at
            base = self.git.commits[base.parents[0]]
        made = []
        for work in push.works:
            files = {**base.files, **self.edit(dict(base.files), work, -1)}
            author = Signature(*(work.signed_as or work.author.signature(work.at)), work.at)
            base = self.git.commit([base], files, author, author, f"{push.subject}\n")
            self._credit(base, [work.author], work.author, work.signed_as)
            made.append(base)
        self.locked = {path: owner for path, owner in self.locked.items() if owner != -1}
        update = self._move(push.at, base, "force_push" if push.drop else "push", push.by, made)
        update.push, update.result = push, push.result
        push.activity, push.commits = update.id, made


def branch_of(pull: Pull) -> str:
    """Name of the request's branch."""
    words = "".join(c if c.isalnum() else "-" for c in pull.title.lower())
    return f"{pull.author.login.removesuffix('-harbor')}/{pull.number}-{words}"[:60].rstrip("-")


def play(repository: Repository, ids: Ids, importer: Login) -> Played:
    """Play one repository; numbers of its requests must have been given."""
    player = _Player(repository, ids)
    player.initial(importer)
    steps: list[tuple[datetime, int, str, Pull | DirectPush, int]] = []
    for order, pull in enumerate(repository.pulls):
        steps += [(push.at, order, "push", pull, n) for n, push in enumerate(pull.pushes)]
        if pull.merge:
            steps.append((pull.merge.at, order, "merge", pull, 0))
        elif pull.closed:
            steps.append((pull.closed, order, "close", pull, 0))
    steps += [(push.at, -1, "direct", push, 0) for push in repository.pushes]
    for _, _, what, thing, n in sorted(steps, key=lambda step: step[:3]):
        if isinstance(thing, DirectPush):
            player.direct(thing)
        elif what == "push":
            player.push(thing, n)
        elif what == "merge":
            player.merge(thing)
        else:
            player.release(thing)
    return player.played


def number(repositories: list[Repository], ids: Ids) -> None:
    """Give every request its number (contiguous per repository, by creation) and its id."""
    everything = sorted(
        (pull for r in repositories for pull in r.pulls), key=lambda p: (p.created, p.repository.id, p.title)
    )
    for pull in everything:
        pull.id = ids.number("github.pull", 1_900_000_000, 5_000)
        pull.number = ids.number(f"github.number/{pull.repository.id}", 0)
        if pull.ticket:
            pull.ticket.change_refs = [pull.ref]
