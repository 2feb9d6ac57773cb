"""An object store on loopback that speaks S3, for vaults that lie elsewhere than in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

BUCKET = "s3://evidence"


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """The environment in which `s3://evidence` is an empty bucket; skips where the extra is not installed."""
    server = pytest.importorskip("moto.server", reason="object storage is not installed here: make extras")
    s3fs = pytest.importorskip("s3fs", reason="object storage is not installed here: make extras")
    store = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    requests.post(f"http://{host}:{port}/moto-api/reset", timeout=60).raise_for_status()  # all servers share one state
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "canary-key-id",
        "AWS_SECRET_ACCESS_KEY": "canary-secret-key",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir(BUCKET)
        try:
            yield environment
        finally:
            s3fs.S3FileSystem.clear_instance_cache()
            store.stop()
