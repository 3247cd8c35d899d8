"""Rules. Source: list-rules, create-rule, update-rule."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Rules(Resource[replies.Rule]):
    """``/api/rules``. A deactivation date switches a rule off."""

    path = "rules"
    reply = replies.Rule

    def every(self) -> Iterator[replies.Rule]:
        """``GET /api/rules``: all of them."""
        return self._every()

    def get(self, rule_id: int) -> replies.Rule:
        """``GET /api/rules/{id}``."""
        return self._one(rule_id)

    def create(self, body: Json) -> replies.Rule:
        """``POST /api/rules``."""
        return self._made(bodies.RuleCreate, body)

    def update(self, rule_id: int, body: Json) -> None:
        """``PUT /api/rules/{id}``: everything again, since what is left out may be reset."""
        self._changed(rule_id, bodies.RuleUpdate, body)

    def delete(self, rule_id: int) -> None:
        """``DELETE /api/rules/{id}``; one that is gone is no error."""
        self._gone(f"rules/{rule_id}")
