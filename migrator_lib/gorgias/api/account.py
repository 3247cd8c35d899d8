"""The account and its settings. Source: get-account, list-account-settings, update-account-setting."""

from __future__ import annotations

from migrator_lib.gorgias.api import border
from migrator_lib.gorgias.api.resource import Json, Resource, rows
from migrator_lib.gorgias.contract import bodies, replies


class AccountResource(Resource[replies.Setting]):
    """``/api/account``."""

    path = "account/settings"
    reply = replies.Setting

    def get(self) -> replies.Account:
        """``GET /api/account``: the cheapest call that proves access."""
        return border.parse(replies.Account, self._transport.call("GET", "account"), "GET /api/account")

    def settings(self) -> list[replies.Setting]:
        """``GET /api/account/settings``: all of them, since this list has no pages."""
        return rows(self.reply, self._transport.call("GET", self.path), f"GET /api/{self.path}")

    def create_setting(self, body: Json) -> replies.Setting:
        """``POST /api/account/settings``."""
        return self._made(bodies.SettingCreate, body)

    def update_setting(self, setting_id: int, body: Json) -> None:
        """``PUT /api/account/settings/{id}``; the data is replaced as a whole."""
        self._changed(setting_id, bodies.SettingUpdate, body)
