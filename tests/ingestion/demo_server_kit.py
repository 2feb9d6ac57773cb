"""What the tests of the connectors share: collecting one resource from the loopback server, and a recorded payload."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingestion import pipeline
from ingestion.config import SourceInstance
from ingestion.contract import Collection, Window, compact_instant
from ingestion.demo.server import DemoServer
from ingestion.demo.store import Store
from ingestion.http import forget_silence
from ingestion.vault import Vault

CANARY = "canary-0f3b7e51c9d24a68"
NOW = datetime(2026, 1, 1, 5, 30, tzinfo=UTC)


@dataclass(eq=False)
class Kept(Collection):
    """A collection that also keeps what was written: (key, time of last change, payload) per table."""

    written: dict[str, list[tuple[str, datetime | None, dict[str, Any]]]] = field(default_factory=dict)

    def page(self, table, records):
        made = super().page(table, records)
        rows = zip(
            *(made.column(name).to_pylist() for name in ("record_key", "source_updated_at", "payload")), strict=True
        )
        self.written.setdefault(table, []).extend((key, changed, json.loads(text)) for key, changed, text in rows)
        return made

    def keys_of(self, table: str | None = None) -> list[str]:
        """Record keys in the order in which they were written."""
        return [key for key, _, _ in self.written.get(table or self.resource, [])]

    def payload(self, key: str, table: str | None = None) -> dict[str, Any]:
        """The payload of the record that was written last under this key."""
        return [row for row in self.written[table or self.resource] if row[0] == key][-1][2]


def begin(instance: SourceInstance, resource: str, clock: datetime = NOW, start: datetime | None = None) -> Kept:
    """An open collection at a tick."""
    name = f"{instance.instance}.{resource}.{compact_instant(clock)}.0"
    return Kept(name, instance.instance, resource, Window(start, clock), clock)


def collect(
    module: ModuleType,
    instance: SourceInstance,
    resource: str,
    clock: datetime = NOW,
    start: datetime | None = None,
    into: Kept | None = None,
) -> Kept:
    """Collect one resource through the connector's dlt source."""
    collection = into or begin(instance, resource, clock, start)
    for _ in module.source(instance, {resource: collection}):
        pass
    return collection


def through_pipeline(
    folder: Path, instance: SourceInstance, server: DemoServer, *ticks: datetime
) -> list[dict[str, Any]]:
    """Collect everything of an instance into a vault; the ledger's entries, after a search for the canary everywhere."""

    def move(tick: datetime) -> None:
        server.clock = tick

    vault = Vault(str(folder / "vault"))
    report = pipeline.collect(
        vault,
        [instance],
        list(ticks),
        work_dir=folder / "dlt",
        collect_from=ticks[0] - timedelta(days=100),
        code_version="0",
        on_tick=move,
    )
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
    assert CANARY not in repr(report)
    ledger = sorted((folder / "vault" / "ledger").glob("*.json"))
    return [json.loads(file.read_bytes()) for file in ledger]


def cause(error: BaseException) -> BaseException:
    """The connector's own error below the errors that dlt wraps around it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def whole_text(error: BaseException) -> str:
    """The texts of an error and of everything below it."""
    texts = []
    seen: BaseException | None = error
    while seen is not None:
        texts.append(f"{seen!s} {seen!r} {seen.args!r}")
        seen = seen.__cause__ or seen.__context__
    return "\n".join(texts)


@contextmanager
def serving(store: Store, monkeypatch: pytest.MonkeyPatch, clock: datetime = NOW) -> Iterator[DemoServer]:
    """The loopback server with canary tokens; waits between attempts are recorded in `server.waits`, not waited."""
    with DemoServer(store, clock=clock) as server:
        waits: list[float] = []
        monkeypatch.setattr("ingestion.http.sleep", waits.append)
        server.waits = waits  # type: ignore[attr-defined]
        for instance in ("okta-test", "github-test", "jira-test", "bamboohr-test"):
            forget_silence(instance)  # a port may come again
        for vendor in server.tokens:
            server.tokens[vendor] = f"{CANARY}-{vendor}"
            server.unprivileged[vendor] = f"{CANARY}-{vendor}-small"
        yield server


def recorded(*parts: str) -> Path:
    """A file of the recorded payloads; the test is skipped where they are not."""
    root = Path(os.environ.get("PAYLOADS_DIR") or Path(__file__).parents[2].parent / "shared" / "payloads")
    path = root.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"recorded payloads are not here: {path} (set PAYLOADS_DIR)")
    return path
