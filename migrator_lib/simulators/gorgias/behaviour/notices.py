"""What a message does besides being one: agents it mentions are told, its actions and macros are carried out."""

from __future__ import annotations

from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour import actions
from migrator_lib.simulators.gorgias.store import Document


def act(account: Account, ticket: Document, given: Document) -> None:
    """Carry out what a message was given to do; ``ticket`` is changed, for the caller to save.

    What acts stands in the outbox by its name alone, as actions may hold text.
    """
    now = account.now()
    for user_id in given.get("mention_ids") or ():
        user = account.store.get("user", user_id) or {}
        account.store.mail("mention", str(user.get("email")), "mention_ids", now)
    for key in ("actions", "macros"):
        if given.get(key):
            account.store.mail("action", f"ticket {ticket['id']}", key, now)
    for action in [*_given(given.get("actions")), *_of_macros(account, given.get("macros"))]:
        given_to_it = action.get("arguments")
        arguments = given_to_it if isinstance(given_to_it, dict) else {}
        actions.carry_out(account, ticket, str(action.get("name")), arguments, by="a message")


def _given(listed: Any) -> list[Document]:
    return [action for action in listed or () if isinstance(action, dict)]


def _of_macros(account: Account, listed: Any) -> list[Document]:
    ids = [macro.get("id") if isinstance(macro, dict) else macro for macro in listed or ()]
    macros = [account.store.get("macro", macro_id) for macro_id in ids if isinstance(macro_id, int)]
    return [action for macro in macros if macro for action in _given(macro.get("actions"))]
