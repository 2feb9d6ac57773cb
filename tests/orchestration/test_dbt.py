"""dbt in this process: what a killed run left behind does not stop the next one."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration import dbt
from orchestration.workspace import Workspace
from tests.conftest import PROJECT


@pytest.mark.parametrize("left", [None, b"", b'{"nodes": {', b'{"nodes": {}}'])
def test_only_a_whole_manifest_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: bytes | None
) -> None:
    workspace = Workspace(PROJECT, PROJECT / "engagement.yml", tmp_path)
    workspace.manifest.parent.mkdir()
    if left is not None:
        workspace.manifest.write_bytes(left)

    def invoke(*_: object) -> SimpleNamespace:
        workspace.manifest.write_bytes(b'{"parsed": true}')
        return SimpleNamespace(success=True)

    monkeypatch.setattr(dbt, "_invoke", invoke)
    found = json.loads(dbt.parse(workspace).read_bytes())
    assert found == ({"nodes": {}} if left == b'{"nodes": {}}' else {"parsed": True})
