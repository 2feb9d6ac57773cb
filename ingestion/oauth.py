"""Tokens that expire: a signed assertion is exchanged for one, which is renewed before it ends.

dlt's `OAuthJWTAuth` needs PyJWT, which this project does not have, and posts through a session of its own: here the
assertion is signed with `cryptography`, and the exchange goes through a `SourceSession` (origin, retries, no secrets).
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest
from requests.auth import AuthBase

from ingestion.config import register_secret, secret
from ingestion.contract import SourceError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

MARGIN = 300.0
"""Seconds before its end at which a token is renewed; of a token that lasts less than twice that, half its life."""

clock: Callable[[], float] = time.time
"""Replaced in tests. An assertion states when it was signed, so it needs the time of day and no tick."""


class BearerToken(AuthBase):
    """A token that does not change."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """The token."""
        return self._token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the token into the request; also over an earlier one, because every attempt asks again."""
        request.headers["Authorization"] = f"Bearer {self.token()}"
        return request


class RenewedToken(BearerToken):
    """A token that is asked for when it is needed, and again before it ends.

    Args:
        ask: Gets a token and the seconds which it lasts, by the clock of the server that made it.
    """

    def __init__(self, ask: Callable[[], tuple[str, float]]) -> None:
        super().__init__("")
        self._ask = ask
        self._until = 0.0

    def token(self) -> str:
        """A token that lasts for a while."""
        if not self._token or clock() >= self._until:
            begun = clock()
            token, lasts = self._ask()
            self._token = register_secret(token)
            self._until = begun + lasts - min(MARGIN, lasts / 2)
        return self._token


def private_key(instance: str) -> RSAPrivateKey:
    """The RSA key in the secret `private_key` of an instance: PEM; a backslash and an n also end a line.

    Raises:
        SourceError: The secret is missing, or is no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = secret(instance, "private_key").replace("\\n", "\n").strip()
    try:
        key = load_pem_private_key(register_secret(text).encode(), password=None)
    except (ValueError, TypeError):  # their texts may quote the key
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise SourceError(
            f"{instance}: the secret 'private_key' is no RSA key in PEM without a password.",
            "Set the whole file, from -----BEGIN to -----END.",
        )
    return key


def assertion(key: RSAPrivateKey, claims: Mapping[str, Any], key_id: str = "") -> str:
    """A JSON Web Token signed with RS256; from now on `scrub` hides it.

    Args:
        key: Signs.
        claims: What it says.
        key_id: Names the key, where the receiver knows several.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    signed = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(dict(claims)).encode())}"
    return register_secret(f"{signed}.{_part(key.sign(signed.encode(), PKCS1v15(), SHA256()))}")


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
