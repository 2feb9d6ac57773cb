"""Changes to the code as they should be: requested, tested, approved by a colleague, merged."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from ingestion.demo.changes import ACTIONS, LINT, TESTS, Merge, Pull, Push, Repository, Review, RulesetVersion, Work
from ingestion.demo.members import Login
from ingestion.demo.people import ENGINEERING, Person
from ingestion.demo.requests import Approval, Ticket
from ingestion.demo.timeline import at, business_day, is_business_day, local_day, office_hour, tick_after
from ingestion.demo.world import World

_FIRST_DAY = date(2025, 9, 18)
_LAST_DAY = date(2026, 10, 27)
_IMPORTED = at(date(2025, 9, 8), 9)
_VERBS = ["Tighten", "Extend", "Correct", "Simplify", "Speed-up", "Rework", "Guard", "Log", "Split", "Document"]
_NOUNS = [
    "rounding of net pay",
    "tax table lookup",
    "bank file layout",
    "retry of webhooks",
    "ledger export",
    "overtime rule",
    "holiday accrual",
    "garnishment order",
    "direct deposit check",
    "employee search",
    "report paging",
    "rate cache",
    "queue back-off",
    "audit trail",
    "input validation",
    "schema migration",
    "currency mapping",
    "year-end totals",
]


def open_repositories(world: World) -> None:
    """Six repositories, each with its way of working."""
    for repository in (
        Repository("101", "ledger-core", "squash", _IMPORTED, needs_ticket=True, deploys=True, weight=4),
        Repository("102", "payroll-engine", "merge", _IMPORTED, approvals=2, needs_ticket=True, deploys=True, weight=4),
        Repository("103", "payments-gateway", "squash", _IMPORTED, has_queue=True, deploys=True, weight=3),
        Repository("104", "employee-portal", "squash", _IMPORTED, deploys=True, weight=4),
        Repository("105", "data-pipelines", "rebase", _IMPORTED, weight=3),
        Repository("106", "infrastructure", "merge", _IMPORTED, weight=2),
    ):
        world.repositories[repository.id] = repository
    for name in ("harbor-deps", "harbor-deploy", "github-merge-queue"):
        world.bots[name] = world.members.user(login=name, kind="Bot")


def protect(world: World) -> None:
    """The rules of every production branch, by the first administrator."""
    by = world.login(world.admins[0].person)  # type: ignore[arg-type]
    for repository in world.repositories.values():
        checks = ((TESTS, ACTIONS[0]), (LINT, ACTIONS[0]))
        repository.rules.append(RulesetVersion(_IMPORTED + timedelta(hours=1), by, checks, repository.approvals))


class Planner:
    """Plans requests so that everybody who may write code does so now and then.

    Args:
        world: The company.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.ids.stream("plans")
        self.last: dict[int, datetime] = {}
        self._humans = [login for login in world.members.logins if login.person is not None]

    def candidates(self, repository: Repository, *moments: datetime) -> list[Login]:
        """People whose write permission shows in the collections around all moments, longest idle first."""
        found = [
            who
            for who in self._humans
            if repository.id in who.grants
            and all(who.proven(repository.id, moment) and _employed(who, moment) for moment in moments)
        ]
        return sorted(found, key=lambda who: (self.last.get(who.id, _IMPORTED), who.id))

    def pick(self, candidates: list[Login]) -> Login:
        """One of them: every other time the one who was idle longest."""
        return candidates[0] if self.rng.random() < 0.6 else self.rng.choice(candidates)

    def title(self) -> str:
        """A title."""
        return f"{self.rng.choice(_VERBS)} {self.rng.choice(_NOUNS)}"

    def pull(
        self,
        repository: Repository,
        created: datetime,
        *,
        author: Login | None = None,
        reviewers: list[Login] | None = None,
        lasts: timedelta | None = None,
        method: str = "",
        title: str = "",
        second_push: bool = False,
        planted: bool = False,
    ) -> Pull:
        """A request that follows every rule.

        Args:
            repository: Where.
            created: When it is opened.
            author: Who writes it; by default somebody who was idle for long.
            reviewers: Who approves it; by default as many as the rules require.
            lasts: From creation to merge, at least three hours.
            method: How it is merged, if not in the repository's way.
            title: Its title.
            second_push: Whether a commit is added before the review.
            planted: Whether it may be merged within a stretch kept free for plants.
        """
        rng = self.rng
        lasts = lasts or timedelta(hours=3, minutes=rng.randrange(600))
        merged = created + lasts
        for blocked, begins, ends_at in self.world.blocked:
            if not planted and repository.id == blocked and begins <= merged < ends_at:
                merged = ends_at + timedelta(minutes=30 + rng.randrange(60))
                lasts = merged - created
        ends = self.candidates(repository, created, merged)
        author = author or self.pick(ends)
        works = [
            Work(author, created - timedelta(minutes=40 - 9 * n), files=rng.randrange(1, 3))
            for n in range(rng.randrange(1, 4))
        ]
        pull = Pull(
            repository, author, title or self.title(), created, [Push(created - timedelta(minutes=5), works, author)]
        )
        if second_push:
            later = created + lasts * 0.4
            pull.pushes.append(Push(later, [Work(author, later - timedelta(minutes=4))], author))
        others = [who for who in ends if who is not author]
        wanted = max(repository.approvals, 1)
        if reviewers is None:
            first = self.pick(others)
            reviewers = [first, *(who for who in others if who is not first)][:wanted]
        for n, who in enumerate(reviewers):
            pull.reviews.append(Review(who, created + lasts * (0.7 + 0.1 * n)))
        idle = [who for who in others if who not in reviewers]
        by = author if author.kind == "User" else (idle or reviewers)[0]
        if author.kind == "User" and (method or repository.method) == "squash" and rng.random() < 0.2:
            by = reviewers[0]
        pull.merge = Merge(merged, by, method or repository.method)
        if repository.has_queue and not method:
            queue = self.world.bots["github-merge-queue"]
            pull.merge = Merge(merged, queue, "squash", merged - timedelta(minutes=14), by)
        if repository.needs_ticket:
            pull.ticket = self.ticket(pull)
        self._touch(pull, reviewers)
        repository.pulls.append(pull)
        return pull

    def ticket(self, pull: Pull, created: datetime | None = None) -> Ticket:
        """The approved change request behind a pull request."""
        person = pull.author.person
        when = created or pull.created - timedelta(days=1, minutes=self.rng.randrange(300))
        boss = self._boss(person, when)
        desk = self.world.desk
        reporter = desk.by_person[(person or boss).person_id]
        approval = Approval(desk.by_person[boss.person_id], when + timedelta(hours=2))
        done = pull.merge.at + timedelta(hours=1) if pull.merge else None
        return desk.open(Ticket("Change", pull.title, when, reporter, approvals=[approval], done=done))

    def _boss(self, person: Person | None, when: datetime) -> Person:
        boss = person.manager_on(local_day(when)) if person else None
        if boss is None or boss.person_id not in self.world.desk.by_person:
            boss = self.world.lead(ENGINEERING)
        return boss

    def _touch(self, pull: Pull, reviewers: list[Login]) -> None:
        for who in (pull.author, *reviewers):
            self.last[who.id] = max(self.last.get(who.id, _IMPORTED), pull.created)


def _employed(who: Login, when: datetime) -> bool:
    """Whether the person still works when the next collection comes."""
    return who.person is None or who.person.spell_at(tick_after(when) or when) is not None


def _busy_days(rng: Random, count: int) -> list[date]:
    """Days on which requests are opened, more of them as the company grows."""
    span = (_LAST_DAY - _FIRST_DAY).days
    found: list[date] = []
    while len(found) < count:
        share = rng.random()
        if rng.random() > 0.7 + 0.3 * share:
            continue
        day = _FIRST_DAY + timedelta(days=int(share * span))
        if is_business_day(day) or rng.random() < 0.04:
            found.append(day)
    return sorted(found)


def plan(world: World, planner: Planner) -> None:
    """All requests of the year without any violation."""
    rng = planner.rng
    weights = [r.weight for r in world.repositories.values()]
    for day in _busy_days(rng, max(150, round(2150 * world.scale))):
        repository = rng.choices(list(world.repositories.values()), weights)[0]
        created = office_hour(rng, day, first=9, last=14)
        dice = rng.random()
        if dice < 0.04:
            _abandoned(planner, repository, created)
        elif dice < 0.09:
            planner.pull(repository, created, author=world.bots["harbor-deps"], title="Bump a dependency")
        elif dice < 0.17:
            days_ = timedelta(days=rng.randrange(1, 9), hours=1)
            planner.pull(repository, created, lasts=days_, second_push=True)
        else:
            pull = planner.pull(repository, created, second_push=dice > 0.8)
            _decorate(planner, pull, dice)
    _releases(world, planner)
    _still_open(world, planner)


def _decorate(planner: Planner, pull: Pull, dice: float) -> None:
    """Comments, drafts, co-authors, documentation."""
    assert pull.merge is not None
    first = pull.reviews[0]
    if dice < 0.3:
        pull.reviews.insert(0, Review(first.by, first.at - timedelta(minutes=25), "COMMENTED", body="A question"))
    elif dice < 0.36:
        pull.ready_at = pull.created + timedelta(minutes=30)
    elif dice < 0.42:
        known = {review.by.id for review in pull.reviews} | {pull.author.id}
        others = planner.candidates(pull.repository, pull.created, pull.merge.at)
        mate = next((who for who in others if who.id not in known), None)
        if mate is not None:
            pull.pushes[0].works[0].co_authors = (mate,)
    elif dice < 0.46:
        for work in pull.pushes[0].works:
            work.folder = "docs/"
        pull.labels = ("documentation",)
    elif dice < 0.5:
        pull.auto_merge_at = first.at - timedelta(minutes=5)


def _abandoned(planner: Planner, repository: Repository, created: datetime) -> None:
    pull = planner.pull(repository, created)
    pull.merge, pull.reviews, pull.closed = None, [], created + timedelta(days=2)
    if pull.ticket:
        pull.ticket.done = None


def _releases(world: World, planner: Planner) -> None:
    """The release account bumps a version every month."""
    bot = world.bots["harbor-release"]
    for n in range(13):
        day = business_day(date(2025 + (8 + n) // 12, (8 + n) % 12 + 1, 20), 0)
        created = at(day, 10, 10 + n)
        if created >= _IMPORTED:
            pull = planner.pull(world.repositories["101"], created, author=bot, title=f"Release {2026 + n}")
            pull.merge = Merge(pull.merge.at, pull.reviews[0].by, "squash") if pull.merge else None


def _still_open(world: World, planner: Planner) -> None:
    for repository in world.repositories.values():
        pull = planner.pull(repository, at(date(2026, 10, 28), 11))
        pull.merge, pull.reviews = None, []
        if pull.ticket:
            pull.ticket.done = None
