"""A plugin of dbt-duckdb: lets the models read a vault on object storage, with the vault's own credentials."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dbt.adapters.duckdb.plugins import BasePlugin

from ingestion.vault import Vault

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Plugin(BasePlugin):
    """What `dbt_project/profiles.yml` names; without ITGC_VAULT, or with a local vault, it does nothing."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Teach the connection the vault's addresses."""
        vault = Vault(os.environ.get("ITGC_VAULT", ""))
        if not vault.is_local:
            conn.register_filesystem(vault.fs)
