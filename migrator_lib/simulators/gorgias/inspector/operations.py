"""The pages of what acts by itself in an account, what it would have sent, and what was asked of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fastapi import Response

from migrator_lib import pages
from migrator_lib.pages import Html
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.inspector.shell import Site, moment, on_or_off, raw, tags
from migrator_lib.simulators.gorgias.store import Document

LATEST = 500


def automation(account: Account, site: Site, _query: Mapping[str, str]) -> Response:
    """Return the page of rules, integrations and settings."""
    with account.store.lock:
        rules, integrations, settings = (account.store.by_kind(k) for k in ("rule", "integration", "setting"))
    called = [one for one in integrations if one.get("type") == "http"]  # others bring messages in
    acting = sum(not one.get("deactivated_datetime") for one in (*rules, *called))
    words = "1 rule or webhook is on" if acting == 1 else f"{acting:,} rules and webhooks are on"
    return site.page(
        "Rules and integrations",
        pages.status(words, "warn" if acting else "good", detail="What is on acts on every ticket, imported ones too."),
        pages.heading("Rules"), pages.table([_rule(rule) for rule in rules], caption="Rules", empty="None."),
        pages.heading("Integrations"),
        pages.table([_integration(one) for one in integrations], caption="Integrations", empty="None."),
        pages.heading("Settings"), pages.table([_setting(one) for one in settings], caption="Settings", empty="None."),
        place="rules",
    )  # fmt: skip


def _rule(rule: Document) -> dict[str, object]:
    events = rule.get("event_types") or []
    names = events.split(",") if isinstance(events, str) else events
    return {
        "Name": rule.get("name"), "State": on_or_off(rule), "On events": tags(names),
        "Whole": pages.folded("Show", raw(rule)),
    }  # fmt: skip


def _integration(one: Document) -> dict[str, object]:
    http = one.get("http") or {}
    triggers = one.get("triggers") or http.get("triggers") or []
    names = [name for name, on in triggers.items() if on] if isinstance(triggers, dict) else triggers
    return {
        "Name": one.get("name"), "Type": one.get("type"), "State": on_or_off(one),
        "Calls": one.get("url") or http.get("url"), "On events": tags(names),
        "Whole": pages.folded("Show", raw(_without_secrets(one))),
    }  # fmt: skip


def _without_secrets(one: Document) -> Document:
    """Return an integration without the values of the headers that it sends: one of them may be a token."""
    http = one.get("http")
    if not isinstance(http, dict) or not isinstance(http.get("headers"), dict):
        return one
    return {**one, "http": {**http, "headers": dict.fromkeys(http["headers"], "…")}}


def _setting(one: Document) -> dict[str, object]:
    return {"Type": one.get("type"), "Data": raw(one.get("data"))}


def outbox(account: Account, site: Site, _query: Mapping[str, str]) -> Response:
    """Return the page of the mail and the calls that the product would have sent."""
    with account.store.lock:
        sent, acted = account.store.outbox(), account.store.fired()
    kinds = Counter(str(one["kind"]) for one in sent)
    detail = "Nobody was reached." if not sent else f"These are the latest {LATEST}." if len(sent) > LATEST else ""
    rows = [
        {"No.": one["id"], "Kind": one["kind"], "To": one["recipient"], "Why": one["reason"], "When": moment(one["at"])}
        for one in reversed(sent[-LATEST:])
    ]
    return site.page(
        "Outbox",
        pages.status(f"Mail that would have been sent: {len(sent):,}", "bad" if sent else "good", detail=detail),
        pages.tiles({"mail that would have been sent": len(sent), **kinds}),
        pages.table(rows, caption="Mail, invitations, replies by rules, surveys and webhooks", empty="Nothing."),
        pages.heading("What acted by itself"),
        pages.table(_acted(site, acted), caption="Rules, integrations, surveys and others", empty="Nothing."),
        place="outbox",
    )


def _acted(site: Site, acted: list[Document]) -> list[dict[str, object]]:
    return [
        {"What": one["what"], "Name": one["name"], "On event": one["event"],
         "Ticket": site.link(f"tickets/{one['ticket']}", f"no. {one['ticket']}") if one["ticket"] else "",
         "When": moment(one["at"])}
        for one in reversed(acted[-LATEST:])
    ]  # fmt: skip


def calls(account: Account, site: Site, _query: Mapping[str, str]) -> Response:
    """Return the page of what was asked of the account, and its rate limit."""
    stats, limit = account.stats, account.limit
    endpoints = sorted(stats.by_endpoint.items(), key=lambda pair: -pair[1])
    throttled = f"{stats.throttled:,} of {stats.calls:,} calls were throttled"
    return site.page(
        "Calls and rate",
        pages.status(throttled, "warn" if stats.throttled else "good", detail="Since this simulator was started."),
        pages.tiles(_rate(account)),
        pages.table([{"Endpoint": name, "Calls": n} for name, n in endpoints], caption="Calls", empty="None yet."),
        pages.heading("Faults that are still to come"),
        pages.table([vars(f) for f in account.faults if f.times > 0], caption="Faults", empty="None."),
        place="calls", subtitle=f"{limit.limit:,} calls in {limit.window:g} s are allowed.",
    )  # fmt: skip


def _rate(account: Account) -> dict[str, Any]:
    limit = account.limit
    foreign: Html | str = f"{limit.foreign_share:.0%}"
    return {
        "used at the moment": f"{limit.used():,}/{limit.limit:,}",
        "calls": account.stats.calls,
        "throttled": account.stats.throttled,
        "of the rate used by others": foreign,
        "calls of others": limit.foreign_calls,
    }
