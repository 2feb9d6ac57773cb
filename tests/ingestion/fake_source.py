"""A connector in a few lines, for tests of what surrounds connectors."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import ModuleType
from typing import Any

import dlt
import pytest

from ingestion.config import SourceInstance
from ingestion.contract import Collection, Permission, Resource, instant
from ingestion.sources import RAW_TABLES, SOURCES

INSTANCE = SourceInstance(source="fake", instance="fake-one")
RESOURCES = (
    Resource("users", ("users",), "snapshot"),
    Resource("log", ("log", "shared"), "window", retention=timedelta(days=2), lag=timedelta(hours=1)),
    Resource("other", ("shared",), "window"),
)


class Fake(ModuleType):
    """`fails` maps a resource to the exception it ends with; `seen` keeps every collection handed to the connector."""

    def __init__(self) -> None:
        super().__init__("fake_source_under_test")
        self.RESOURCES = RESOURCES
        self.fails: dict[str, BaseException] = {}
        self.permissions: dict[str, Permission] = {}
        self.seen: list[Collection] = []
        self.source_error: Exception | None = None

    def source(self, instance: SourceInstance, collections: Mapping[str, Collection]) -> Any:
        if self.source_error is not None:
            raise self.source_error

        @dlt.source(name="fake", max_table_nesting=0)
        def fake() -> Any:
            for name, collection in collections.items():
                yield dlt.resource(self.pages(name, collection), name=name)

        return fake()

    def pages(self, name: str, collection: Collection) -> Iterator[Any]:
        self.seen.append(collection)
        collection.permission = self.permissions.get(name, Permission("granted", ""))
        collection.state["runs"] = collection.previous_state.get("runs", 0) + 1
        collection.request_done(200)
        collection.page_done()
        at = instant(collection.window.end)
        if name == "users":
            yield collection.page("users", [(str(n), None, {"id": n, "seen": at}) for n in range(3)])
            yield collection.page("users", [(str(n), None, {"id": n, "seen": at}) for n in (2, 3)])  # overlapping page
        elif name == "log":
            page = collection.page("log", [(at, collection.window.end, {"at": at})])
            yield dlt.mark.with_table_name(page, "log")
            yield dlt.mark.with_table_name(collection.page("shared", [("log", None, {"from": "log"})]), "shared")
        else:
            yield dlt.mark.with_table_name(collection.page("shared", [("other", None, {"from": "other"})]), "shared")
        if name in self.fails:
            raise self.fails[name]


def install(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    monkeypatch.setitem(SOURCES, "fake", fake.__name__)
    monkeypatch.setitem(RAW_TABLES, "fake", ("users", "log", "shared"))
    return fake
