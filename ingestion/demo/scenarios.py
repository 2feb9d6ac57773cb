"""What can go wrong while the demo collects, so that a reader sees how the package says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.demo.server import DemoServer


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
    """A recorded system-log event is rewritten in the source after it was collected."""
    events = server.store.tables["okta.system_log"]
    if (at.year, at.month) == (2026, 2) and not any(event.payload.get("displayMessage") == "rewritten" for event in events):
        position = next(n for n, event in enumerate(events) if (at - event.valid_from).total_seconds() < 1800)
        old = events[position]
        events[position] = type(old)(old.key, old.valid_from, old.valid_to, {**old.payload, "displayMessage": "rewritten"})


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
