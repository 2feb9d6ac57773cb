"""What can go wrong while the demo collects, so that a reader sees how the package says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.demo.server import DemoServer

_READ_TWICE = timedelta(hours=36)
"""How long before a month's first collection an event must lie to be certainly read by the next one as well."""


@dataclass(frozen=True)
class Scenario:
    """One staged misfortune.

    Attributes:
        name: as in `itgc demo --scenario`.
        shows: what a reader should see in the package.
        apply: called with the server and the instant before each collection.
    """

    name: str
    shows: str
    apply: Callable[[DemoServer, datetime], None]


def _nothing(server: DemoServer, at: datetime) -> None:
    """Everything answers."""


def _hidden_protection(server: DemoServer, at: datetime) -> None:
    """From March the token of GitHub no longer may read collaborators and protection."""
    if (at.year, at.month) >= (2026, 3):
        server.tokens["github"], server.unprivileged["github"] = "demo-github-token-before", "demo-github-token"


def _restated(server: DemoServer, at: datetime) -> None:
    """A push of a month's last hours, collected, reads otherwise when its window is read again a month later."""
    del at  # the rewriting stands in the store's versions
    pushes = server.store.tables["github.activity"]
    if any(push.valid_to for push in pushes):
        return
    for number in range(12):
        month = datetime(2025 + (number + 10) // 12, (number + 10) % 12 + 1, 1, 4, tzinfo=UTC)
        for position, old in enumerate(pushes):
            if month - _READ_TWICE <= old.valid_from < month:
                rewritten = month + timedelta(days=1)
                actor = {**old.payload["actor"], "login": f"{old.payload['actor']['login']}-renamed"}
                pushes[position] = replace(old, valid_to=rewritten)
                pushes.append(replace(old, valid_from=rewritten, payload={**old.payload, "actor": actor}))
                return


def _unreachable(server: DemoServer, at: datetime) -> None:
    """Jira drops every connection from June on."""
    from ingestion.demo.server import Fault

    if (at.year, at.month) >= (2026, 6) and not any(fault.match == "/jira/" for fault in server.faults):
        server.faults.append(Fault(match="/jira/", kind="drop", times=1_000_000))


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("as-shipped", "findings, and every population complete", _nothing),
        Scenario("incomplete", "INCOMPLETE: GitHub hid protection and collaborators from March on", _hidden_protection),
        Scenario("restated", "a restated record: both versions, flagged", _restated),
        Scenario("unreachable", "INCOMPLETE: Jira could not be reached from June on", _unreachable),
    )
}


def scenario_of(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        KeyError: there is none.
    """
    return SCENARIOS[name]
