"""What these tests need: the extra `spark` and Java; without them they are skipped, with what to install as the reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration import spark
from orchestration.engagement import EngagementError
from tests.conftest import PROJECT


def _missing() -> str:
    try:
        spark.require()
    except EngagementError as error:
        return str(error)
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = _missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.spark)
            if missing and "needs_nothing" not in item.keywords:
                item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session of the shipped profile in a folder of its own."""
    folder = tmp_path_factory.mktemp("spark")
    os.environ["ITGC_SPARK"] = str(folder)
    found = spark.session(PROJECT)
    found.conf.set("spark.sql.ansi.enabled", "false")  # as dbt-spark does
    yield found
    found.stop()
