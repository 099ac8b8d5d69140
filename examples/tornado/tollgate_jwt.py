"""Accepts only what came through the gateway: verifies its tokens with python-jose.

    pip install "python-jose[cryptography]"

`verify(token)` returns the claims, or raises `Refused`. The signing keys are fetched once, kept
for five minutes, and fetched again when a token names a key that is not among them, so that a
rotation needs no restart. Issuer and algorithm are pinned here, never taken from the token.
"""

import json
import os
import threading
import time
import urllib.request

from jose import jwt
from jose.exceptions import JOSEError

ISSUER = os.environ.get("TOLLGATE_ISSUER", "http://127.0.0.1:9000/__tollgate/issuer")
ALGORITHMS = ["RS256"]
AUDIENCE = os.environ.get("TOLLGATE_AUDIENCE")  # only if the gateway is configured with one

KEEP_SECONDS = 300
REFETCH_AFTER_SECONDS = 5  # an unknown key id fetches at most this often

_lock = threading.Lock()
_keys = {}
_fetched_at = float("-inf")


class Refused(Exception):
    """The request did not come through the gateway, or its token is no longer valid."""


def _fetch():
    global _keys, _fetched_at
    with urllib.request.urlopen(ISSUER + "/.well-known/jwks.json", timeout=5) as answer:
        _keys = {key["kid"]: key for key in json.load(answer)["keys"]}
    _fetched_at = time.monotonic()


def _key(kid):
    with _lock:
        age = time.monotonic() - _fetched_at
        if age > KEEP_SECONDS or (kid not in _keys and age > REFETCH_AFTER_SECONDS):
            try:
                _fetch()
            except OSError as error:
                if kid not in _keys:  # a known key stays good while the gateway restarts
                    raise Refused(f"the gateway's keys cannot be fetched: {error}") from error
        if kid not in _keys:
            raise Refused("the token is signed with a key that the gateway does not publish")
        return _keys[kid]


def verify(token):
    """Returns the claims of a token that the gateway signed."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        return jwt.decode(
            token,
            _key(kid),
            algorithms=ALGORITHMS,
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require_exp": True, "require_iss": True, "require_sub": True, "require_aud": bool(AUDIENCE)},
        )
    except JOSEError as error:
        raise Refused(str(error)) from error


def verify_header(authorization):
    """Returns the claims for the value of an `Authorization` header."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("there is no token: call the gateway, not this server")
    return verify(token.strip())
