"""A hostile package ends in a failure line: never in a crash, never in a look outside its folder."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forger import edit, mend

from orchestration.report_package import PackageResult, verify, verify_package
from orchestration.report_package.manifest import canonical


@pytest.fixture
def folder(built: PackageResult, copy_of: Callable[[Path], Path]) -> Path:
    return copy_of(built.path)


def _failed(folder: Path) -> str:
    verification = verify_package(folder)
    assert not verification.passed
    assert verification.failures
    return " | ".join(f"{check.name}: {check.detail}" for check in verification.failures)


def _restate(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    from hashlib import sha256

    from orchestration.report_package.signing import envelope

    manifest = json.loads((folder / "MANIFEST.json").read_bytes())
    change(manifest)
    content = canonical(manifest)
    (folder / "MANIFEST.json").write_bytes(content)
    (folder / "MANIFEST.dsse.json").write_bytes(envelope(sha256(content).hexdigest(), None))


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/hostname", "a/../../secret", "evidence\\x", "C:/x", "a//b", "", "x\x00y", "-rf", "é"]
)
def test_paths_that_lead_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    (folder.parent / "secret").write_text("secret")
    opened: list[str] = []
    real = os.open

    def spy(name: Any, *rest: Any, **named: Any) -> int:
        opened.append(str(name))
        return real(name, *rest, **named)

    monkeypatch.setattr(verify.os, "open", spy)
    _restate(folder, lambda m: m["files"].insert(0, {"path": path, "bytes": 6, "sha256": "0" * 64}))
    assert "unsafe or repeated path" in _failed(folder)
    _restate(folder, lambda m: m["files"].pop(0) and m["populations"][0].update(file=path))
    assert "is not in the package" in _failed(folder)
    assert opened
    assert all(os.path.realpath(name).startswith(str(folder.resolve()) + os.sep) for name in opened)


def test_links_are_reported_and_not_followed(folder: Path) -> None:
    (folder.parent / "outside").mkdir()
    (folder / "evidence" / "elsewhere").symlink_to(folder.parent / "outside", target_is_directory=True)
    assert "elsewhere" in _failed(folder)
    (folder / "evidence" / "elsewhere").unlink()
    content = (folder / "README.txt").read_bytes()
    (folder.parent / "copy.txt").write_bytes(content)
    (folder / "README.txt").unlink()
    (folder / "README.txt").symlink_to(folder.parent / "copy.txt")
    assert "README.txt" in _failed(folder)


def test_a_pipe_does_not_block(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert "pipe" in _failed(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"[]", b"{}", b"\xff", b"[" * 200_000, b'{"files":' + b"9" * 100_000 + b"}", b'{"schema":1e999}', b'{"schema":NaN}',
        b'{"schema":"soc1-evidence/1"}', b'{"a":1,"a":1}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["MANIFEST.json", "MANIFEST.dsse.json"])
def test_manifests_that_are_none(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    _failed(folder)


@pytest.mark.parametrize("value", ["9" * 5000, "-1", "1e9", "", "²", "NaN"])
@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("sampling_plan.csv", "sample_size"),
        ("sampling_plan.csv", "population_items"),
        ("test_results.csv", "items"),
        ("samples/CM-01_sample.csv", "leaf_index"),
    ],
)
def test_numbers_that_are_none(folder: Path, file: str, column: str, value: str) -> None:
    edit(folder / file, lambda rows: rows[0].update({column: value}))
    mend(folder)
    _failed(folder)


@pytest.mark.parametrize("value", [10**17, -1, True, "60", None, 1.5])
def test_counts_in_the_manifest(folder: Path, value: object) -> None:
    manifest = json.loads((folder / "MANIFEST.json").read_bytes())
    manifest["populations"][0]["items"] = value
    (folder / "MANIFEST.json").write_bytes(
        json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    _failed(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"item_key\n",
        b"\xff\xfe\n",
        b'"unclosed\n',
        b"a,a\n1,2\n",
        b"rule_id,control_id,effect,role\nx\n",
        b'a,b\n"x"y,z\n',
        b"a\n" + b"x" * 1000,
    ],
)
@pytest.mark.parametrize(
    "name", ["rules.csv", "collections.csv", "populations.csv", "samples/CM-01_sample.csv", "exception_register.csv"]
)
def test_tables_that_are_none(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    mend(folder)
    _failed(folder)


def test_a_line_without_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MAX_LINE", 50)
    assert "too long or has no end" in _failed(folder)


def test_names_cannot_steer_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "\x1b[2J\nok   forged: line").write_text("x")
    assert verify.main([str(folder)]) == 1
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert not any(line.startswith("ok   forged") for line in text.splitlines())


def test_no_folder_at_all(tmp_path: Path) -> None:
    assert "no such folder" in _failed(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    _failed(tmp_path / "empty")


def test_the_verifier_is_the_standard_library_of_python_3_9() -> None:
    source = Path(verify.__file__).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported == {
        "__future__",
        "argparse",
        "base64",
        "collections",
        "decimal",
        "fractions",
        "hashlib",
        "heapq",
        "json",
        "math",
        "os",
        "re",
        "stat",
        "sys",
        "typing",
    }
    outside_annotations = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and any(k.arg == "strict" for k in node.keywords)
    ]
    assert not outside_annotations, "zip(strict=) came with Python 3.10"


def _same_value(content: bytes) -> list[bytes]:
    """Other texts of the same JSON value."""
    value = json.loads(content)
    return [
        content + b"\n",
        json.dumps(value, sort_keys=True).encode(),
        json.dumps(value, separators=(",", ":"), sort_keys=True, indent=1).encode(),
        content.replace(b'"schema"', b'"\\u0073chema"').replace(b'"payload"', b'"\\u0070ayload"'),
    ]


def test_another_text_of_the_same_manifest(folder: Path) -> None:
    from hashlib import sha256

    from orchestration.report_package.signing import envelope

    for content in _same_value((folder / "MANIFEST.json").read_bytes()):
        (folder / "MANIFEST.json").write_bytes(content)
        (folder / "MANIFEST.dsse.json").write_bytes(envelope(sha256(content).hexdigest(), None))
        assert "not canonical" in _failed(folder)


def test_another_text_of_the_same_envelope(folder: Path) -> None:
    mend(folder, key=bytes(range(32)))
    assert verify_package(folder).passed
    original = (folder / "MANIFEST.dsse.json").read_bytes()
    for content in _same_value(original):
        (folder / "MANIFEST.dsse.json").write_bytes(content)
        assert "not canonical" in _failed(folder)
    envelope = json.loads(original)
    signature = envelope["signatures"][0]["sig"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert signature.endswith("==")
    other = signature[:-3] + alphabet[alphabet.index(signature[-3]) ^ 1] + "=="
    envelope["signatures"][0]["sig"] = other
    (folder / "MANIFEST.dsse.json").write_bytes(canonical(envelope))
    assert "no canonical base64" in _failed(folder)
    for change in ({"keyid": "0" * 64}, {"extra": 1}):
        envelope = json.loads(original)
        envelope["signatures"][0].update(change)
        (folder / "MANIFEST.dsse.json").write_bytes(canonical(envelope))
        assert "key id" in _failed(folder)
    envelope = json.loads(original)
    for change in (
        {"payloadType": "text/plain"},
        {"extra": 1},
        {"signatures": envelope["signatures"] * 2},
        {"signatures": []},
    ):
        (folder / "MANIFEST.dsse.json").write_bytes(canonical({**envelope, **change}))
        _failed(folder)


def test_a_sample_for_a_control_without_population(folder: Path) -> None:
    edit(folder / "sampling_plan.csv", lambda rows: rows[0].update(control_id="CO-01"))
    mend(folder)
    _failed(folder)


def test_the_first_entry_of_the_ledger_begins_it(folder: Path) -> None:
    edit(folder / "collections.csv", lambda rows: rows.clear())
    mend(folder)
    assert "ledger chain" in _failed(folder)
