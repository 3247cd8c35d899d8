"""Users, who are the agents. Source: list-users, create-user, update-user."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies

ME = 0
"""The id under which the key's own user is known."""


class Users(Resource[replies.User]):
    """``/api/users``."""

    path = "users"
    reply = replies.User

    def me(self) -> replies.User:
        """``GET /api/users/0``: the user whose key this is."""
        return self._one(ME)

    def every(self) -> Iterator[replies.User]:
        """``GET /api/users``: all agents."""
        return self._every()

    def get(self, user_id: int) -> replies.User:
        """``GET /api/users/{id}``."""
        return self._one(user_id)

    def create(self, body: Json) -> replies.User:
        """``POST /api/users``, which may invite the user by mail (not verified)."""
        return self._made(bodies.UserCreate, body)

    def update(self, user_id: int, body: Json) -> None:
        """``PUT /api/users/{id}``; ``active: false`` keeps the user out."""
        self._changed(user_id, bodies.UserUpdate, body)

    def delete(self, user_id: int) -> None:
        """``DELETE /api/users/{id}``, which unassigns all tickets and deletes statistics; gone already is no error."""
        self._gone(f"users/{user_id}")
