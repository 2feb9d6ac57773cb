"""Configuration of one Okta organization. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ingestion.config import SourceInstance


class OktaInstance(SourceInstance):
    """One Okta organization.

    Attributes:
        base_url: Address of the organization, `https://example.okta.com`, not the one with `-admin`; `{demo}/…` is the
            demo company's server.
        client_id: Client id of a service app: it logs in with OAuth 2.0 and the secret `private_key`. Without one, the
            secret `token` is an API token.
        key_id: Id of the app's key, where it has several.
    """

    source: Literal["okta"] = "okta"
    base_url: str = Field(pattern=r"^(https?://[^/\s]|\{demo\}/)\S*$")
    client_id: str = ""
    key_id: str = ""
