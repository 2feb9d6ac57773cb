from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.paginators import HeaderLinkPaginator
from requests import Response

from ingestion import http
from ingestion.config import SourceInstance, register_secret
from ingestion.contract import Collection, Window

INSTANCE = SourceInstance(source="fake", instance="fake-one")
TOKEN = "s3cr3t-t0ken-canary"
DATE = "Sat, 01 Nov 2025 04:00:00 GMT"
Answer = tuple[int, dict[str, str], bytes] | str


@dataclass
class Peer:
    """A loopback server; `script` gives the answers of a path in turn, the last one stays."""

    script: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str) -> Answer:
        answers = self.script[path]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def serving() -> Iterator[Peer]:
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            peer.requests.append((self.command, self.path, self.headers.get("Authorization")))
            answer = peer.answer(self.path.partition("?")[0])
            if answer == "drop":
                self.connection.close()
                return
            if answer == "truncated":
                self.send_response_only(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b'[{"id"')
                self.connection.close()
                return
            assert not isinstance(answer, str)
            status, headers, body = answer
            self.send_response_only(status)
            for name, value in {"Date": DATE, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    peer.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    http.forget_silence(INSTANCE.instance)
    with serving() as found:
        yield found


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(http, "sleep", slept.append)
    return slept


@pytest.fixture
def collection() -> Collection:
    now = datetime(2025, 11, 1, 4, tzinfo=UTC)
    return Collection("fake-one.users.x.0", "fake-one", "users", Window(None, now), now)


def ok(value: Any = (), **headers: str) -> Answer:
    return 200, headers, json.dumps(value).encode()


def client(peer: Peer, collection: Collection | None = None, **options: Any) -> Any:
    register_secret(TOKEN)
    return http.rest_client(INSTANCE, peer.url, {"Authorization": f"Bearer {TOKEN}"}, collection, **options)


def test_rate_limit_is_waited_for(peer: Peer, waits: list[float], collection: Collection) -> None:
    peer.script["/a"] = [
        (429, {"Retry-After": "7"}, b""),
        (429, {"Retry-After": "Sat, 01 Nov 2025 04:00:30 GMT"}, b""),
        ok([1]),
    ]
    assert client(peer, collection).get("/a").json() == [1]
    assert waits == [7.0, 30.0]
    assert collection.http_statuses == {429: 2, 200: 1}
    assert collection.requests == 3


def test_vendor_specific_wait(peer: Peer, waits: list[float], collection: Collection) -> None:
    def wait(response: Response) -> float | None:
        if response.status_code == 403 and response.headers.get("x-ratelimit-remaining") == "0":
            return http.seconds_until_epoch(response, "x-ratelimit-reset")
        return None

    epoch = int(datetime(2025, 11, 1, 4, 1, tzinfo=UTC).timestamp())
    limited: Answer = (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(epoch)}, b"")
    peer.script["/a"] = [limited, ok([1])]
    peer.script["/b"] = [(403, {}, b"")]
    found = client(peer, collection, wait=wait)
    assert found.get("/a").json() == [1]
    assert waits == [61.0]
    with pytest.raises(http.NotPermitted):
        found.get("/b")


def test_wait_beyond_reason_gives_up(peer: Peer, waits: list[float]) -> None:
    peer.script["/a"] = [(429, {"Retry-After": "86400"}, b"")]
    with pytest.raises(http.RateLimited):
        client(peer).get("/a")
    assert waits == []


@pytest.mark.parametrize("trouble", [(500, {}, b"x"), (503, {}, b""), "drop", "truncated"])
def test_passing_trouble_is_retried(peer: Peer, waits: list[float], collection: Collection, trouble: Answer) -> None:
    peer.script["/a"] = [trouble, trouble, ok([1])]
    assert client(peer, collection).get("/a").json() == [1]
    assert waits == [1.0, 2.0]
    assert collection.requests == 3


@pytest.mark.parametrize("trouble", [(502, {}, b"x"), "drop", "truncated"])
def test_lasting_trouble_is_unreachable(peer: Peer, waits: list[float], trouble: Answer) -> None:
    peer.script["/a"] = [trouble]
    with pytest.raises(http.Unreachable, match="after retries") as caught:
        client(peer).get("/a", params={"token": TOKEN})
    assert len(waits) == http.ATTEMPTS - 1
    assert TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or TOKEN not in str(caught.value.__context__)


def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_host_that_does_not_answer_is_waited_for_once_in_a_run(waits: list[float], collection: Collection) -> None:
    url = closed_port()
    http.forget_silence(INSTANCE.instance)
    with pytest.raises(http.Unreachable) as first:
        http.rest_client(INSTANCE, url).get("/a")
    assert len(waits) == http.ATTEMPTS - 1
    with pytest.raises(http.Unreachable) as second:
        http.rest_client(INSTANCE, url, collection=collection).get("/b")
    assert len(waits) == http.ATTEMPTS - 1
    assert collection.requests == 0
    assert (second.value.message, second.value.remedy) == (first.value.message, first.value.remedy)
    other = SourceInstance(source="fake", instance="fake-two")
    http.forget_silence(other.instance)
    with pytest.raises(http.Unreachable):
        http.rest_client(other, url).get("/a")
    assert len(waits) == 2 * (http.ATTEMPTS - 1)
    http.forget_silence(INSTANCE.instance)
    with pytest.raises(http.Unreachable):
        http.rest_client(INSTANCE, url).get("/a")
    assert len(waits) == 3 * (http.ATTEMPTS - 1)


@pytest.mark.parametrize("first", [ok(), (503, {}, b"")])
def test_a_host_that_answered_once_is_waited_for_again(peer: Peer, waits: list[float], first: Answer) -> None:
    peer.script["/a"] = [first, ok()]
    peer.script["/b"] = ["drop"]
    client(peer).get("/a")
    for _ in range(2):
        waits.clear()
        with pytest.raises(http.Unreachable):
            client(peer).get("/b")
        assert len(waits) == http.ATTEMPTS - 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, http.SourceError),
        (401, http.NotAuthorized),
        (403, http.NotPermitted),
        (404, http.NotFound),
        (410, http.NotFound),
    ],
)
def test_refusals_say_what_to_do_and_no_secret(peer: Peer, status: int, error: type[Exception]) -> None:
    peer.script["/a"] = [(status, {}, f"your token {TOKEN} is bad".encode())]
    with pytest.raises(error) as caught:
        client(peer).get("/a", params={"api_key": TOKEN})
    assert type(caught.value) is error
    assert f"HTTP {status}" in str(caught.value)
    assert "fake-one" in str(caught.value)
    assert TOKEN not in str(caught.value)
    with pytest.raises(error):
        list(client(peer).paginate("/a"))
    assert client(peer, accept={status}).get("/a").status_code == status


def test_next_page_of_the_same_origin(peer: Peer, collection: Collection) -> None:
    peer.script["/a"] = [ok([1], Link=f'<{peer.url}/b>; rel="next"')]
    peer.script["/b"] = [ok([2])]
    found = client(peer, collection, paginator=HeaderLinkPaginator())
    assert [list(page) for page in found.paginate("/a", data_selector="$")] == [[1], [2]]


@pytest.mark.parametrize("how", ["next", "redirect", "same host other port as text"])
def test_other_origin_never_gets_the_credential(peer: Peer, collection: Collection, how: str) -> None:
    with serving() as foreign:
        foreign.script["/steal"] = [ok(["never"])]
        target = f"{foreign.url}/steal"
        if how == "redirect":
            peer.script["/a"] = [(302, {"Location": target}, b"")]
        elif how == "next":
            peer.script["/a"] = [ok([1], Link=f'<{target}>; rel="next"')]
        else:
            peer.script["/a"] = [
                ok([1], Link=f'<{peer.url}@127.0.0.1:{foreign.url.rsplit(":", 1)[1]}/steal>; rel="next"')
            ]
        with pytest.raises(http.ForeignOrigin):
            list(client(peer, collection, paginator=HeaderLinkPaginator()).paginate("/a", data_selector="$"))
        assert foreign.requests == []


def test_redirects_within_the_origin(peer: Peer) -> None:
    peer.script["/a"] = [(301, {"Location": "/b"}, b"")]
    peer.script["/b"] = [(307, {"Location": f"{peer.url}/c"}, b"")]
    peer.script["/c"] = [ok([1])]
    peer.script["/loop"] = [(302, {"Location": "/loop"}, b"")]
    assert client(peer).get("/a").json() == [1]
    assert {authorization for _, _, authorization in peer.requests} == {f"Bearer {TOKEN}"}
    with pytest.raises(http.Unreachable, match="circles"):
        client(peer).get("/loop")


def test_numbers_keep_their_text(peer: Peer) -> None:
    peer.script["/a"] = [(200, {}, b'{"a": 1.10, "b": 1e400, "c": 12}')]
    assert client(peer).get("/a").json() == {"a": "1.10", "b": "1e400", "c": 12}


def test_netrc_is_not_read(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    peer.script["/a"] = [ok([1])]
    client(peer).get("/a")
    http.rest_client(INSTANCE, peer.url).get("/a")
    assert [authorization for _, _, authorization in peer.requests] == [f"Bearer {TOKEN}", None]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example", "HTTPS://A.example:443/x?y", True),
        ("http://a.example:80", "http://a.example", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example.evil.example", False),
        ("https://a.example", "https://a.example@evil.example/", False),
        ("https://a.example:8443", "https://a.example", False),
    ],
)
def test_origin(one: str, other: str, same: bool) -> None:
    assert (http.origin(one) == http.origin(other)) is same
