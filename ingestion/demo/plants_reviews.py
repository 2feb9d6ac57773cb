"""Planted violations of CM-01: code changes without a proper review, and those which only look so."""

from __future__ import annotations

from datetime import date, timedelta

from ingestion.demo.changes import DirectPush, Pull, Push, Review, Work
from ingestion.demo.code import Planner
from ingestion.demo.members import Login
from ingestion.demo.timeline import PERIOD_END, PERIOD_START, at, business_day
from ingestion.demo.world import World

SECOND = timedelta(seconds=1)
_BLOCKED = "CM-01.INSUFFICIENT_APPROVALS CM-01.BYPASS"
"""What a merge without the required approval trips besides: the platform lets it pass only by a bypass."""
_FEW = "CM-01.INSUFFICIENT_APPROVALS"


class Planter:
    """Makes requests that are right in everything but the one thing which a plant changes.

    Args:
        world: The company.
        planner: Plans its requests.
    """

    def __init__(self, world: World, planner: Planner) -> None:
        self.world, self.planner = world, planner
        self._days = 0

    def pull(self, repository: str, month: int, day: int, title: str, **how: object) -> Pull:
        """A request of four hours on a business day of the period."""
        year = 2025 if month >= 10 else 2026
        created = at(business_day(date(year, month, day), 0), 10, 2 + self._days % 50)
        self._days += 1
        lasts = how.pop("lasts", timedelta(hours=4))
        repo = self.world.repositories[repository]
        return self.planner.pull(repo, created, lasts=lasts, title=title, planted=True, **how)  # type: ignore[arg-type]

    def others(self, pull: Pull) -> list[Login]:
        """Colleagues with write permission who have nothing to do with the request."""
        assert pull.merge is not None
        known = {pull.author.id, *(review.by.id for review in pull.reviews)}
        found = self.planner.candidates(pull.repository, pull.created, pull.merge.at)
        return [who for who in found if who.id not in known]

    @staticmethod
    def bypass(pull: Pull) -> None:
        """Merged by using the right to bypass the rules."""
        assert pull.merge is not None
        pull.merge.result = "bypass"


def plant(world: World, planner: Planner) -> None:
    """All plants of the control that need no leaver."""
    p = Planter(world, planner)
    reader = _reader(world)
    _outside_requests(world, p)
    _no_approval(world, p)
    _self_approval(world, p)
    _stale(world, p)
    _bots(world, p)
    _dismissed(world, p)
    _changes_requested(world, p)
    _too_few(world, p)
    _without_rights(world, p, reader)
    _late(world, p)
    _bypassed(world, p)
    _unticketed(world, p)
    _boundaries(world, p)


def _reader(world: World) -> Login:
    """An engineer who may only read the portal."""
    for person in world.company.people:
        if person.is_engineer and person.stays and not person.is_manager and person.source == "bamboohr":
            login = world.login(person)
            if "104" not in login.grants:
                world.members.grant(login, "104", "read", login.memberships[0].since)
                return login
    raise ValueError("the company has no engineer without access to the portal")


def _work(pull: Pull, by: Login, hours: float) -> Push:
    when = pull.created + timedelta(hours=hours)
    return Push(when, [Work(by, when - timedelta(minutes=3))], by)


def _outside_requests(world: World, p: Planter) -> None:
    pushes = []
    for repository, month, day in (("104", 11, 12), ("106", 4, 15)):
        repo = world.repositories[repository]
        when = at(business_day(date(2025 if month > 9 else 2026, month, day), 0), 14, 5)
        who = p.planner.candidates(repo, when)[-1]
        push = DirectPush(repo, who, when, [Work(who, when - timedelta(minutes=30))], subject="Fix in a hurry")
        repo.pushes.append(push)
        pushes.append(push)
        world.planted("CM-01.NO_PR CM-01.BYPASS", push, "Pushed directly to the production branch by a bypass")
    rebased = p.pull("105", 11, 18, "Split the nightly job", second_push=True)
    world.near_miss("CM-01.NO_PR", rebased, "Rebase merge: its first-parent commits are not the request's (E044)")
    squashed = p.pull("104", 11, 19, "Sort the employee list")
    pushes[0].named_by = squashed
    world.innocent("CM-01.NO_PR", squashed, "Squash merge; the platform names it for an earlier direct push too (E044)")
    spoofed = p.pull("104", 2, 11, "Rename a column")
    claimed = p.others(spoofed)[0]
    spoofed.pushes[0].works[0].signed_as = claimed.signature(spoofed.created)
    world.innocent("CM-01.SELF_APPROVAL", spoofed, "A commit claims a colleague's e-mail; another approved (E049)")
    _rewritten(world, p)


def _rewritten(world: World, p: Planter) -> None:
    """History rewritten after a collection had seen it, and a force push that only concerns a request's own branch."""
    repo = world.repositories["104"]
    lost = p.pull("104", 3, 31, "Change the landing page", lasts=timedelta(hours=8))
    when = at(date(2026, 4, 1), 9, 12)
    world.blocked.append(("104", lost.created + timedelta(hours=7), when + timedelta(minutes=5)))
    who = p.planner.candidates(repo, when)[-1]
    works = [Work(who, when - timedelta(minutes=9))]
    push = DirectPush(repo, who, when, works, drop=1, subject="Change the landing page, again")
    repo.pushes.append(push)
    rules = "CM-01.FORCE_PUSH CM-01.NO_PR CM-01.BYPASS"
    world.planted(rules, push, "A reviewed commit was replaced by a force push to the production branch (E052)")
    world.innocent("CM-01.FORCE_PUSH", lost, "The request whose merge was later rewritten was itself in order")
    forced = p.pull("101", 3, 11, "Rebuild the branch", second_push=True)
    forced.pushes[1].kind = "force"
    world.near_miss("CM-01.FORCE_PUSH", forced, "Force push to the request's own branch, approved afterwards")


def _no_approval(world: World, p: Planter) -> None:
    for pull, note in (
        (p.pull("101", 10, 15, "Adjust a rounding rule"), "Merged without any review"),
        (p.pull("104", 1, 14, 'Revert "Sort the employee list"'), "Revert merged automatically without review (E050)"),
        (p.pull("105", 5, 13, "Move the archive job"), "Comments only, no approval"),
    ):
        assert pull.merge is not None
        if pull.repository.id == "105":
            pull.reviews = [Review(review.by, review.at, "COMMENTED", body="Looks fine") for review in pull.reviews]
        else:
            pull.reviews = []
        if pull.repository.id == "104":
            pull.auto_merge_at = pull.created + timedelta(minutes=5)
        p.bypass(pull)
        world.planted(f"CM-01.NO_APPROVAL {_BLOCKED}", pull, note)
    revert = p.pull("104", 1, 20, 'Revert "Move a button"')
    world.near_miss("CM-01.NO_APPROVAL", revert, "Revert with one approval")


def _self_approval(world: World, p: Planter) -> None:
    pushed = p.pull("104", 12, 10, "Extend the absence form")
    approver = pushed.reviews[0].by
    pushed.pushes.append(_work(pushed, approver, 1.5))
    world.planted(f"CM-01.SELF_APPROVAL {_FEW}", pushed, "The only approver pushed a commit to the request (E041)")
    shared = p.pull("101", 2, 18, "Correct accrual of holidays")
    shared.pushes[0].works[0].co_authors = (shared.reviews[0].by,)
    world.planted(f"CM-01.SELF_APPROVAL {_FEW}", shared, "The only approver is a co-author of a commit")
    both = p.pull("104", 12, 16, "Extend the overtime form")
    helper = both.reviews[0].by
    both.pushes.append(_work(both, helper, 1.5))
    both.reviews.append(Review(p.others(both)[0], both.reviews[0].at + timedelta(minutes=5)))
    world.near_miss("CM-01.SELF_APPROVAL", both, "A co-author approved, and an independent colleague too")
    updated = _with_base_merge(p, 3, "Extend the payslip view", before_approval=True)
    world.innocent("CM-01.SELF_APPROVAL", updated, "The approver only merged the base branch into the request")


def _with_base_merge(p: Planter, month: int, title: str, *, before_approval: bool) -> Pull:
    """A long request whose base moves on and is merged into it, before or after the approval."""
    pull = p.pull("104", month, 16, title, lasts=timedelta(days=3))
    p.pull("104", month, 17, f"Meanwhile: {title.lower()}")
    approver = pull.reviews[0].by
    when = pull.created + timedelta(days=2)
    pull.reviews = [
        Review(approver, when + timedelta(hours=1) if before_approval else pull.created + timedelta(hours=5))
    ]
    pull.pushes.append(Push(when, [], approver if before_approval else pull.author, "base_merge"))
    return pull


def _stale(world: World, p: Planter) -> None:
    for repository, month in (("104", 10), ("105", 6)):
        pull = p.pull(repository, month, 21, "Add a last touch")
        assert pull.merge is not None
        when = pull.merge.at - timedelta(minutes=25)
        pull.pushes.append(Push(when, [Work(pull.author, when - timedelta(minutes=2))], pull.author))
        world.planted(f"CM-01.STALE_APPROVAL {_FEW}", pull, "A commit was pushed after the approval and merged")
    again = p.pull("104", 10, 28, "Add a last touch and ask again")
    assert again.merge is not None
    when = again.merge.at - timedelta(minutes=40)
    again.pushes.append(Push(when, [Work(again.author, when - timedelta(minutes=2))], again.author))
    again.reviews.append(Review(again.reviews[0].by, again.merge.at - timedelta(minutes=20)))
    world.near_miss("CM-01.STALE_APPROVAL", again, "Pushed after the first approval, approved again")
    merged = _with_base_merge(p, 5, "Extend the tax view", before_approval=False)
    world.near_miss("CM-01.STALE_APPROVAL", merged, "Base merged in after the approval, equal difference (E043)")


def _bots(world: World, p: Planter) -> None:
    app = p.pull("104", 11, 5, "Raise a library")
    app.reviews = [Review(world.bots["harbor-deps"], app.reviews[0].at)]
    world.planted(f"CM-01.BOT_APPROVAL {_FEW}", app, "Approved by an app only")
    machine = p.pull("101", 5, 6, "Raise the version of a driver")
    machine.reviews = [Review(world.bots["harbor-release"], machine.reviews[0].at)]
    world.planted(f"CM-01.BOT_APPROVAL {_FEW}", machine, "Approved by a registered machine account only")
    human = p.pull("104", 11, 6, "Bump a date library", author=world.bots["harbor-deps"])
    world.near_miss("CM-01.BOT_APPROVAL", human, "A bot wrote it, a colleague approved it (E047)")
    also = p.pull("104", 11, 13, "Raise another library")
    also.reviews.insert(0, Review(world.bots["harbor-deps"], also.reviews[0].at - timedelta(minutes=9)))
    world.innocent("CM-01.BOT_APPROVAL", also, "A bot and a colleague approved")


def _dismissed(world: World, p: Planter) -> None:
    for repository, month in (("101", 12), ("104", 8)):
        pull = p.pull(repository, month, 9, "Change the export")
        review = pull.reviews[0]
        review.dismissed = (review.at + timedelta(minutes=20), p.others(pull)[0])
        p.bypass(pull)
        world.planted(f"CM-01.DISMISSED {_BLOCKED}", pull, "The approval was dismissed before the merge")
    again = p.pull("104", 8, 12, "Change the import")
    review, other = again.reviews[0], p.others(again)[0]
    review.dismissed = (review.at + timedelta(minutes=20), other)
    again.reviews.append(Review(other, review.at + timedelta(minutes=30)))
    world.near_miss("CM-01.DISMISSED", again, "Dismissed, then approved by somebody else")
    after = p.pull("104", 8, 18, "Change the preview")
    assert after.merge is not None
    after.reviews[0].dismissed = (after.merge.at + timedelta(hours=1), p.others(after)[0])
    world.innocent("CM-01.DISMISSED", after, "Dismissed only after the merge")


def _changes_requested(world: World, p: Planter) -> None:
    open_ = p.pull("101", 1, 21, "Rework the posting batch")
    first = open_.reviews[0]
    open_.reviews.insert(
        0, Review(p.others(open_)[0], first.at - timedelta(hours=1), "CHANGES_REQUESTED", body="Please test")
    )
    p.bypass(open_)
    world.planted(
        "CM-01.CHANGES_REQUESTED_OUTSTANDING CM-01.BYPASS",
        open_,
        "One asked for changes, another approved (E046)",
    )
    for title, note, resolved in (
        ("Rework the posting run", "Changes were requested and then approved by the same colleague", True),
        ("Rework the posting list", "The change request was dismissed before the merge", False),
    ):
        pull = p.pull("104", 1, 27, title)
        first, other = pull.reviews[0], p.others(pull)[0]
        asked = Review(other, first.at - timedelta(hours=1), "CHANGES_REQUESTED")
        pull.reviews.insert(0, asked)
        if resolved:
            pull.reviews.append(Review(other, first.at + timedelta(minutes=10)))
        else:
            asked.dismissed = (first.at - timedelta(minutes=30), pull.author)
        world.near_miss("CM-01.CHANGES_REQUESTED_OUTSTANDING", pull, note)


def _too_few(world: World, p: Planter) -> None:
    pull = p.pull("102", 2, 4, "Change the gross-to-net step")
    pull.reviews = pull.reviews[:1]
    p.bypass(pull)
    world.planted(_BLOCKED, pull, "One approval where the rules require two (E055)")
    exact = p.pull("102", 2, 5, "Change the net-to-gross step")
    world.near_miss("CM-01.INSUFFICIENT_APPROVALS", exact, "Exactly two approvals")


def _without_rights(world: World, p: Planter, reader: Login) -> None:
    pull = p.pull("104", 3, 4, "Change the address form")
    pull.reviews = [Review(reader, pull.reviews[0].at, can_push=False)]
    p.bypass(pull)
    world.planted(f"CM-01.UNAUTH_APPROVER {_BLOCKED}", pull, "The only approver could only read the repository")
    also = p.pull("104", 3, 5, "Change the name form")
    also.reviews.append(Review(reader, also.reviews[0].at + timedelta(minutes=3), can_push=False))
    world.near_miss("CM-01.UNAUTH_APPROVER", also, "A reader approved, and a colleague with write permission too")
    merged = p.pull("104", 7, 15, "Change the phone form")
    assert merged.merge is not None
    merged.merge.by = reader
    world.planted("CM-01.MERGER_NOT_PERMITTED", merged, "Merged by somebody who could only read the repository")
    queued = p.pull("103", 7, 16, "Change the settlement file")
    world.near_miss("CM-01.MERGER_NOT_PERMITTED", queued, "Merged by the queue for a colleague with write permission")


def _late(world: World, p: Planter) -> None:
    pull = p.pull("101", 4, 22, "Hot-fix a bank file")
    assert pull.merge is not None
    pull.reviews[0].at = pull.merge.at + timedelta(hours=2)
    p.bypass(pull)
    world.planted(f"CM-01.LATE_APPROVAL CM-01.NO_APPROVAL {_BLOCKED}", pull, "Approved two hours after the merge")
    close = p.pull("104", 4, 23, "Fix a label")
    assert close.merge is not None
    close.reviews[0].at = close.merge.at - SECOND
    world.near_miss("CM-01.LATE_APPROVAL", close, "Approved one second before the merge")


def _bypassed(world: World, p: Planter) -> None:
    for repository, month in (("104", 9), ("106", 1)):
        pull = p.pull(repository, month, 10, "Publish at once")
        p.bypass(pull)
        if repository == "104":
            world.planted("CM-01.BYPASS", pull, "Approved and tested, but merged by a bypass (E040)")
            continue
        for review in list(pull.reviews):
            pull.reviews.append(Review(review.by, review.at + 20 * SECOND, "CHANGES_REQUESTED", body="Wait"))
        rules = f"CM-01.NO_APPROVAL CM-01.CHANGES_REQUESTED_OUTSTANDING {_BLOCKED}"
        world.planted(rules, pull, "Approved, then changes requested by the same colleague, merged by a bypass")
    world.near_miss("CM-01.BYPASS", p.pull("104", 9, 14, "Publish later"), "Merged by the rules an hour later")


def _unticketed(world: World, p: Planter) -> None:
    for month in (10, 8):
        pull = p.pull("101", month, 23, "Change without a request")
        assert pull.ticket is not None
        world.desk.tickets.remove(pull.ticket)
        pull.ticket = None
        world.planted("CM-01.NO_AUTHORISED_REQUEST", pull, "No ticket, though the repository's policy requires one")
    named = p.pull("101", 10, 29, "Change with a request")
    named.names_ticket = False
    world.near_miss("CM-01.NO_AUTHORISED_REQUEST", named, "Only the ticket names the request")
    free = p.pull("104", 10, 30, "Change without a ticket")
    world.innocent("CM-01.NO_AUTHORISED_REQUEST", free, "No ticket where the policy requires none")


def _boundaries(world: World, p: Planter) -> None:
    """The period's ends by the second, empty changes, documentation, a renamed repository."""
    world.repositories["104"].renamed = (at(date(2026, 2, 10), 12), "worker-portal")
    for when, note in ((PERIOD_START, ""), (PERIOD_END, "Two seconds before the period's end in its zone (E056)")):
        merged = when - 2 * SECOND
        lasts = timedelta(hours=13)
        pull = p.planner.pull(world.repositories["104"], merged - lasts, lasts=lasts, title="Finish at midnight")
        if note:
            world.near_miss("CM-01.NO_APPROVAL", pull, note)
    empty = p.pull("104", 3, 25, "Trigger the pipeline")
    empty.pushes[0].works = empty.pushes[0].works[:1]
    empty.pushes[0].works[0].files = 0
    world.innocent("CM-01.NO_APPROVAL", empty, "A change without any file is still a change (E058)")
    words = p.pull("104", 3, 26, "Explain the portal")
    for work in words.pushes[0].works:
        work.folder = "docs/"
    world.innocent("CM-01.NO_APPROVAL", words, "Documentation only, in the repository that was renamed (E053, E058)")
