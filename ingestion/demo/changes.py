"""What is planned to happen to the code: repositories, pull requests, direct pushes. Plain data, played by `forge`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingestion.demo.members import ORG, WEB, Login
from ingestion.demo.repositories import Commit, GitRepository
from ingestion.demo.requests import Ticket

ACTIONS = (15368, "github-actions")
TESTS = "ci/tests"
LINT = "ci/lint"


@dataclass
class RulesetVersion:
    """The branch's rules from an instant on."""

    at: datetime
    by: Login
    checks: tuple[tuple[str, int], ...]
    approvals: int


@dataclass
class Repository:
    """One repository with its way of working."""

    id: str
    name: str
    method: str  # squash, merge or rebase
    created: datetime
    approvals: int = 1
    has_queue: bool = False
    needs_ticket: bool = False
    deploys: bool = False
    weight: int = 1
    renamed: tuple[datetime, str] | None = None
    rules: list[RulesetVersion] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)
    pushes: list[DirectPush] = field(default_factory=list)
    git: GitRepository = field(init=False)

    def __post_init__(self) -> None:
        self.git = GitRepository(self.name)

    @property
    def url(self) -> str:
        """Address of the repository's page."""
        return f"{WEB}/{ORG}/{self.name}"


@dataclass
class Work:
    """One commit of a push: who wrote it, who committed it, who shares the credit."""

    author: Login
    at: datetime
    committer: Login | None = None
    co_authors: tuple[Login, ...] = ()
    signed_as: tuple[str, str] | None = None  # name and e-mail that the commit claims
    files: int = 1
    folder: str = ""


@dataclass
class Push:
    """Commits that reach the request's branch together; kind is push, force or base_merge."""

    at: datetime
    works: list[Work]
    by: Login
    kind: str = "push"


@dataclass
class Review:
    """A review of the head as it stood at `at`, or of the head after push `on`."""

    by: Login
    at: datetime
    state: str = "APPROVED"
    dismissed: tuple[datetime, Login] | None = None
    can_push: bool = True
    on: int | None = None
    body: str = ""


@dataclass
class Check:
    """A check run on the head after push `on`, or (None) on the merge commit."""

    on: int | None
    completed: datetime
    name: str = TESTS
    app: tuple[int, str] = ACTIONS
    conclusion: str = "SUCCESS"
    minutes: int = 5


@dataclass
class Merge:
    """How a request reached the branch; `result` is that of the rule suite."""

    at: datetime
    by: Login
    method: str
    queued_at: datetime | None = None
    enqueuer: Login | None = None
    result: str = "pass"


@dataclass
class Pull:
    """One pull request.

    Attributes:
        standard: which check runs come by themselves: on `head` after every push, and on the `merge` commit.
        shas: head after every push, once rendered.
    """

    repository: Repository
    author: Login
    title: str
    created: datetime
    pushes: list[Push]
    reviews: list[Review] = field(default_factory=list)
    merge: Merge | None = None
    closed: datetime | None = None
    checks: list[Check] = field(default_factory=list)
    standard: frozenset[str] = frozenset({"head", "merge"})
    labels: tuple[str, ...] = ()
    ticket: Ticket | None = None
    names_ticket: bool = True  # else only the ticket names the request
    ready_at: datetime | None = None
    from_fork: bool = False
    auto_merge_at: datetime | None = None
    id: int = 0
    number: int = 0
    shas: list[str] = field(default_factory=list)
    commits: list[tuple[datetime, Commit]] = field(default_factory=list)
    dropped: dict[str, datetime] = field(default_factory=dict)
    merged: Commit | None = None
    paths: set[str] = field(default_factory=set)

    @property
    def item_key(self) -> str:
        """Key of the change."""
        return f"github-harbor:{self.repository.id}/pr/{self.id}"

    @property
    def ref(self) -> str:
        """The request as tickets name it."""
        return f"{ORG}/{self.repository.name}#{self.number}"

    @property
    def full_title(self) -> str:
        """Title with the key of its ticket."""
        return f"{self.ticket.key} {self.title}" if self.ticket and self.names_ticket else self.title


@dataclass
class DirectPush:
    """Commits pushed to the production branch outside any request; `drop` first-parent commits are rewritten away.

    `named_by` is a request that was merged later and that the platform names for the commits all the same.
    """

    repository: Repository
    by: Login
    at: datetime
    works: list[Work]
    drop: int = 0
    result: str = "bypass"
    subject: str = "Adjust by hand"
    tested: bool = True
    activity: int = 0
    commits: list[Commit] = field(default_factory=list)
    named_by: Pull | None = None

    @property
    def item_key(self) -> str:
        """Key of the change."""
        return f"github-harbor:{self.repository.id}/push/{self.activity}"


@dataclass
class Update:
    """One movement of a production branch."""

    at: datetime
    before: Commit | None
    after: Commit
    kind: str  # pr_merge, merge_queue_merge, push, force_push, branch_creation
    actor: Login
    id: int
    result: str = "pass"
    pull: Pull | None = None
    push: DirectPush | None = None


Record = dict[str, Any]
