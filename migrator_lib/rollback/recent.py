"""What somebody did in the account since it was last looked at: three calls, however large the account is.

A plan is as old as its list pages, or as its signature. Before each batch of a removal the lists are read again from
their newest end, back to where the last look began; what those tickets and messages refer to stays. Between that look
and the removal there are seconds (minutes, where a job deletes): what happens in them is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from migrator_lib.errors import RecordRejected
from migrator_lib.external_id import parse
from migrator_lib.gorgias.contract.replies import Customer, Thing
from migrator_lib.objects.conversation import moment
from migrator_lib.rollback.context import Context
from migrator_lib.rollback.inventory import Inventory, Item, item_of, listed
from migrator_lib.rollback.plan import Plan, Planned
from migrator_lib.rollback.planning import AUTOMATION, people_of, references_of

CLOCKS = timedelta(hours=1)
"""How far this machine's clock and the account's may differ."""


class Recent:
    """Looks at one account again and again."""

    def __init__(self, context: Context, plan: Plan, there: Inventory) -> None:
        self.context = context
        self.plan = plan
        self.there = there
        self._tickets = there.latest("tickets")
        self._customers = there.latest("customers")
        self._messages = moment((datetime.fromisoformat(context.planned_at) - CLOCKS).isoformat())
        self._in_order = True

    def look(self) -> None:
        """Note what tickets and messages that came or changed since the last look refer to.

        Raises:
            TargetError: the account cannot be read.
        """
        pages = self.context.api.tickets.pages(trashed="true", order_by="updated_datetime:desc")
        rows, self._tickets = _until(pages, "updated_datetime", self._tickets)
        for row in rows:
            if not self.plan.goes("tickets", row.id):
                self.plan.use(references_of(item_of("tickets", row.as_json()).facts))
        messages, self._messages = _until(
            self.context.api.messages.pages(newest_first=True), "created_datetime", self._messages
        )
        for message in messages:
            if parse(message.external_id, self.context.engagement) is None:
                self.plan.use(people_of(message))  # type: ignore[arg-type]

    def changed_customers(self, batch: Sequence[Planned]) -> dict[int, Item]:
        """Return those of a batch that were changed since the last look, as they are now; asked for one by one where
        the list cannot be read in the order of change (unverified).

        Raises:
            TargetError: the account cannot be read.
        """
        if self._in_order:
            try:
                pages = self.context.api.customers.pages(order_by="updated_datetime:desc")
                rows, self._customers = _until(pages, "updated_datetime", self._customers)
                return {row.id: _item(row) for row in rows}
            except RecordRejected as error:
                if error.status != 400:
                    raise
                self._in_order = False
        return {item.id: _item(found) for item in batch if (found := self._get(item.id)) is not None}

    def look_at_setup(self, kind: str) -> tuple[set[int], set[str]]:
        """Look at tags, teams, users or fields again, and at what may name them: a plan may be days old.

        Returns:
            The ids of those that somebody changed since the plan was made, and the hashes of the words that macros,
            rules and views hold. What those name is noted, and who is in a team that stays.

        Raises:
            TargetError: the account cannot be read.
        """
        words: set[str] = set()
        for one in (item for name in AUTOMATION for item in listed(self.context.api, name)):
            if self.plan.goes(one.kind, one.id):
                continue  # a macro of ours that is next
            words.update(one.facts["words"])
            self.plan.use((named, thing) for named, thing in one.facts["named"])
        if kind == "users":
            for team in listed(self.context.api, "teams"):
                if not self.plan.goes("teams", team.id):
                    self.plan.use(("users", member) for member in team.facts["members"])
        return {now.id for now in listed(self.context.api, kind) if self._is_changed(now)}, words

    def _is_changed(self, now: Item) -> bool:
        """Whether somebody changed something since; what is archived or deactivated by now may be so by us."""
        then = self.there.get(now.kind, now.id)
        undone = now.facts.get("archived") or now.facts.get("active") is False
        return then is not None and then.hash != now.hash and not undone

    def _get(self, customer: int) -> Customer | None:
        try:
            return self.context.api.customers.get(customer)
        except RecordRejected as error:
            if error.status in (301, 404):
                return None
            raise


def _item(row: Thing) -> Item:
    return item_of("customers", row.as_json())


def _until(pages: Iterable[Sequence[Thing]], field: str, since: str | None) -> tuple[list[Thing], str | None]:
    """Return the rows of a list, the newest first, that are no older than a moment; and the newest moment."""
    found: list[Thing] = []
    newest = since
    for page in pages:
        for row in page:
            at = moment(getattr(row, field))
            if since is not None and at is not None and at < since:
                return found, newest
            newest = max(newest or "", at or "") or None
            found.append(row)
    return found, newest
