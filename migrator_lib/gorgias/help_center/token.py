"""The token of the Help Center's API: had with the account's API key, and had anew before it ends.

Unverified throughout: ``POST /api/help-center/auth`` with Basic and ``{}`` was seen to answer with ``access_token``, a
JWT of half an hour to an hour, and sometimes ``expires_in``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from migrator_lib.errors import RecordRejected, TargetDenied, TargetUnreachable, Unanswered
from migrator_lib.gorgias.auth import TokenAuth
from migrator_lib.gorgias.help_center.contract import AUTH, TOKEN_SECONDS
from migrator_lib.gorgias.transport import Transport

TRIES = 3
USE_PACKAGE = (
    "set 'help_center: {way: package}' in engagement.yaml, which needs none of this, or ask Gorgias for leave."
)


class HelpCenterToken(TokenAuth):
    """Signs requests to the Help Center."""

    def __init__(self, account: Transport) -> None:
        """Take the transport of the account, which signs with its API key."""
        super().__init__(account.clock)
        self._account = account

    def _get(self) -> tuple[str, float]:
        reply = self._ask()
        token = reply.get("access_token") if isinstance(reply, Mapping) else None
        if not isinstance(token, str) or not token:
            raise TargetDenied("Gorgias gave no token for the Help Center.", next_step=USE_PACKAGE)
        assert isinstance(reply, Mapping)
        return token, _seconds(reply.get("expires_in")) or _life(token) or TOKEN_SECONDS

    def _ask(self) -> Any:
        """Ask for a token; twice is no harm, so what was not answered is asked for again."""
        for _ in range(TRIES):
            try:
                return self._account.call("POST", AUTH, body={})
            except Unanswered:
                continue
            except RecordRejected as error:
                raise TargetDenied(
                    f"Gorgias gave no token for the Help Center: status {error.status}.", next_step=USE_PACKAGE
                ) from None
        raise TargetUnreachable(
            f"Gorgias did not answer POST /api/{AUTH} after {TRIES} tries.",
            next_step="run again: the run goes on where it stopped.",
        )


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def _life(token: str) -> float | None:
    """Return how long a JWT lives by its own account (``exp`` and ``iat``, RFC 7519); it is not ours to verify."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return _seconds(claims["exp"] - claims["iat"])
    except (IndexError, ValueError, KeyError, TypeError):
        return None
