"""Secrets planted everywhere a source could see them; none may come out in the ledger, the vault, an error or a repr."""

from __future__ import annotations

import base64
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ingestion import config, http
from ingestion.config import register_secret, scrub, secret
from ingestion.contract import Collection, Permission, SourceError
from ingestion.pipeline import collect
from ingestion.vault import Vault
from tests.ingestion.fake_source import INSTANCE, Fake, install

CANARY = "c4nary/T0ken+Value=="
TICK = datetime(2025, 10, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__FAKE_ONE__TOKEN", CANARY)
    monkeypatch.setattr(config, "_known_secrets", set())


def everything(vault: Vault) -> bytes:
    return b"".join(vault.read(path) for path in vault.list(""))


def leaky(collection: Collection) -> None:
    token = secret("fake-one", "token")
    collection.parameters |= {"filter": f"token is {token}", "nested": [{"authorization": f"SSWS {token}"}]}
    collection.permission = Permission("unknown", f"asked with {token}")
    collection.gap(TICK, TICK, f"refused {token}")


@pytest.mark.parametrize("outcome", ["committed", "failed", "denied", "crashed", "source"])
def test_nothing_comes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, outcome: str
) -> None:
    caplog.set_level(logging.DEBUG)
    fake = install(monkeypatch)
    real = Fake.pages
    encoded = base64.b64encode(f"{CANARY}:x".encode()).decode()

    def pages(self: Fake, name: str, collection: Collection) -> Any:
        yield from real(self, name, collection)
        leaky(collection)
        if outcome == "failed":
            raise SourceError(f"GET https://u:{CANARY}@host/?token={CANARY}", f"Replace {CANARY}.")
        if outcome == "crashed":
            raise RuntimeError(f"headers: Authorization: Basic {encoded}, {CANARY}")
        if outcome == "denied":
            collection.permission = Permission("denied", f"with {CANARY}")

    monkeypatch.setattr(Fake, "pages", pages)
    if outcome == "source":
        secret("fake-one", "token")
        fake.source_error = ValueError(f"bad {CANARY}")
    vault = Vault(tmp_path / "vault")
    said: list[str] = []
    report = collect(
        vault,
        [INSTANCE],
        [TICK],
        work_dir=tmp_path / "dlt",
        collect_from=TICK,
        code_version="0.1.0",
        progress=said.append,
    )
    assert bool(report.failed) is (outcome != "committed")
    text = everything(vault).decode("utf-8", errors="replace") + repr(report) + "\n".join(said) + caplog.text
    assert CANARY not in text
    assert encoded not in text
    assert "***" in text


def test_missing_secret_names_both_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__FAKE_ONE__TOKEN", "")
    with pytest.raises(SourceError) as caught:
        secret("fake-one", "token", tmp_path)
    assert "SOURCES__FAKE_ONE__TOKEN" in str(caught.value)
    assert ".dlt/secrets.toml" in str(caught.value)


def test_secret_from_the_file_and_the_environment_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".dlt").mkdir()
    path = tmp_path / ".dlt" / "secrets.toml"
    path.write_text('[sources.fake-one]\ntoken = "from the file"\n')
    assert secret("fake-one", "token", tmp_path) == CANARY
    monkeypatch.delenv("SOURCES__FAKE_ONE__TOKEN")
    assert secret("fake-one", "token", tmp_path) == "from the file"
    assert scrub("a from the file b") == "a *** b"
    path.write_text(f'[sources.fake-one]\ntoken = "{CANARY}\n')
    with pytest.raises(SourceError, match="not valid TOML") as caught:
        secret("fake-one", "token", tmp_path)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"https://user:{quote(CANARY, safe='')}@host/x",
        f"https://{quote(CANARY, safe='')}@host/x",
        f"Authorization: SSWS {CANARY}",
        f"authorization: bearer {CANARY}",
        f"?access_token={CANARY}&x=1",
        f"api_key={CANARY}",
    ],
)
def test_scrub_knows_the_shapes_of_unknown_secrets(text: str) -> None:
    assert CANARY not in scrub(text)
    assert "T0ken" not in scrub(text)


def test_scrub_leaves_ordinary_text_alone() -> None:
    for text in (
        "okta-harbor: GET https://harbor.okta.example/api/v1/users answered HTTP 403. Grant okta.users.read.",
        "The token expired; basic authentication is off. Write to ada@harbor.example.",
    ):
        assert scrub(text) == text


def test_session_does_not_show_its_headers() -> None:
    register_secret(CANARY)
    client = http.rest_client(INSTANCE, "http://127.0.0.1:9", {"Authorization": CANARY})
    assert CANARY not in repr(client)
    assert CANARY not in repr(client.session)
