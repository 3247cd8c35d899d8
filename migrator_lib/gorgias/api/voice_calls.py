"""Voice calls. Source: list-voice-calls. They can be read, and never made: a call from elsewhere becomes a ticket."""

from __future__ import annotations

from migrator_lib.gorgias.api.resource import Resource
from migrator_lib.gorgias.contract.replies import Thing


class VoiceCalls(Resource[Thing]):
    """``/api/phone/voice-calls``."""

    path = "phone/voice-calls"
    reply = Thing

    def any(self) -> bool:
        """``GET /api/phone/voice-calls``: whether the account has had any."""
        return any(page for page in self._pages(limit=1))
