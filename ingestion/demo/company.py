"""The demo company on disk and on loopback: generated once, reused while its generator and parameters are the same."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from ingestion.demo import repositories
from ingestion.demo.scenarios import Scenario, scenario_of
from ingestion.demo.server import DemoServer
from ingestion.demo.store import Store

SECRETS = {
    "SOURCES__OKTA_HARBOR__TOKEN": "okta",
    "SOURCES__GITHUB_HARBOR__TOKEN": "github",
    "SOURCES__BAMBOOHR_US__TOKEN": "bamboohr",
    "SOURCES__JIRA_HARBOR__TOKEN": "jira",
}
"""Environment variable of each connector's secret, and the vendor whose demo token it holds."""


@dataclass(frozen=True)
class Company:
    """A running demo company.

    Attributes:
        url: address of the loopback server.
        secrets: environment variables that the connectors read their tokens from.
        set_clock: sets "now": (instant, name of the source about to be collected, or None for all).
    """

    url: str
    secrets: dict[str, str]
    set_clock: Callable[[datetime, str | None], None]


@contextmanager
def open_company(folder: Path, seed: int, scale: float, scenario: str) -> Iterator[Company]:
    """Generate the company (if it is not there yet), serve it on loopback.

    Args:
        folder: where the company lives; regenerated when seed, scale or generator differ.
        seed: seed of the generator.
        scale: 1 is about 300 workers and 2,000 changes.
        scenario: what goes wrong while collecting; `as-shipped` is nothing.
    """
    store = _stored(folder, seed, scale)
    staged: Scenario = scenario_of(scenario)
    with DemoServer(store, folder) as server:

        def set_clock(instant: datetime, source: str | None) -> None:
            server.clock = instant
            staged.apply(server, instant)
            if source in {None, "git"}:
                repositories.set_clock(store, folder, instant)
            if source in {None, "hris_csv", "registers"}:
                store.write_files(folder, instant)

        yield Company(server.url, {variable: server.tokens[vendor] for variable, vendor in SECRETS.items()}, set_clock)


@lru_cache(maxsize=1)
def _stored(folder: Path, seed: int, scale: float) -> Store:
    mark = folder / "generated-by"
    stamp = f"{seed} {scale} {_generator()}"
    if mark.is_file() and mark.read_text(encoding="utf-8") == stamp:
        return Store.load(folder / "store")
    from ingestion.demo import generate

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    store = generate(seed, scale, folder)
    store.save(folder / "store")
    mark.write_text(stamp, encoding="utf-8")
    return store


def _generator() -> str:
    """Hash of the generator's source files."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
