"""What every page of a simulated account has: the look, the way to the others, how moments and links are written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Response

from migrator_lib import pages
from migrator_lib.pages import Html, tag

# Nothing is run and nothing is loaded from elsewhere, in the frames of messages neither; the forms only search.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
PLACES = {
    "": "Tickets", "customers": "Customers", "users": "Users", "teams": "Teams", "tags": "Tags",
    "fields": "Fields", "macros": "Macros", "surveys": "Surveys", "rules": "Rules", "outbox": "Outbox",
    "calls": "Calls", "docs": "API",
}  # fmt: skip
STYLE = (Path(__file__).parent / "look.css").read_text(encoding="utf-8")


class Site:
    """The addresses of one account's pages, and their frame."""

    def __init__(self, name: str) -> None:
        self.name = name

    def at(self, place: str, **query: object) -> str:
        """Return the address of a place; empty values of the query are left out."""
        given = {key: value for key, value in query.items() if value not in (None, "")}
        return f"/{quote(self.name)}/{place}" + (f"?{urlencode(given)}" if given else "")

    def link(self, place: str, text: object, **query: object) -> Html:
        """Return a link to a place."""
        return pages.link(self.at(place, **query), text)

    def page(self, title: str, *parts: object, place: str = "", subtitle: object = "", status: int = 200) -> Response:
        """Return a whole page with the way to the others above it."""
        head = [pages.heading(title, 1), tag("p", subtitle, class_="subtitle") if subtitle else ""]
        body = pages.join([self._navigation(place), *head, *parts])
        made = f"Simulated Gorgias account {self.name}. Moments are UTC, by the account's clock."
        text = pages.document(f"{title} - {self.name}", body, footer=made, extra_style=STYLE, policy=None)
        return Response(text, status, HEADERS, "text/html; charset=utf-8")

    def _navigation(self, place: str) -> Html:
        links = [
            tag("a", text, href=self.at(target), **({"aria_current": "page"} if target == place else {}))
            for target, text in PLACES.items()
        ]
        return tag("nav", pages.join([tag("b", self.name), *links]), class_="account", aria_label="Account")

    def missing(self, what: str) -> Response:
        """Return the page that says that something is not there."""
        return self.page("Not found", pages.paragraph(f"There is no {what}. It may have been deleted."), status=404)


def moment(text: object) -> Html:
    """Return a timestamp of the account as people read it, to the second in the tooltip."""
    if not isinstance(text, str) or not text:
        return Html("")
    try:
        shown = f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"
    except ValueError:
        return pages.escaped(text)
    return tag("time", shown, datetime=text, title=f"{text[:19].replace('T', ' ')} UTC")


def facts(values: Mapping[str, object]) -> Html:
    """Return names and values in two columns; what is empty is left out."""
    rows = (tag("dt", name) + tag("dd", value) for name, value in values.items() if value not in (None, "", []))
    return tag("dl", Html("".join(rows)), class_="facts")


def tags(names: Iterable[object]) -> Html:
    """Return short labels, one behind the other."""
    return pages.join(tag("span", name, class_="tag") for name in names)


def raw(value: Any) -> Html:
    """Return a value as JSON."""
    return tag("pre", json.dumps(value, indent=2, ensure_ascii=False), tabindex="0")


def on_or_off(document: Mapping[str, Any], tone: pages.Tone = "warn") -> Html:
    """Return whether something is active; what is on acts by itself, so it is something to look at."""
    off = document.get("deactivated_datetime")
    return pages.badge("off", "plain") if off else pages.badge("on", tone)


def person(site: Site, document: Mapping[str, Any] | None, kind: str) -> Html:
    """Return a person's name with a link: ``kind`` is ``customers`` or ``users``."""
    if not document:
        return Html("")
    name = document.get("name") or document.get("email") or f"no. {document['id']}"
    return site.link(f"{kind}/{document['id']}", name)


def void(name: str, **attributes: str) -> Html:
    """Return an element that has no content."""
    given = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{given}>")


def choice(label: str, name: str, options: Mapping[str, str], chosen: str) -> Html:
    """Return a labelled list to choose from: value to text."""
    items = (tag("option", t, value=v, **({"selected": ""} if v == chosen else {})) for v, t in options.items())
    return tag("label", pages.join([label, tag("select", pages.join(items), name_=name)]))


def text_field(label: str, name: str, value: str, *, wide: bool = False, options: Iterable[str] = ()) -> Html:
    """Return a labelled field to type into, with suggestions."""
    suggested = [tag("option", "", value=option) for option in options]
    known = {"list": f"{name}-known"} if suggested else {}
    field = void("input", type="search", name_=name, value=value, **known)
    below = tag("datalist", pages.join(suggested), id=f"{name}-known") if suggested else ""
    return tag("label", pages.join([label, field, below]), **({"class_": "wide"} if wide else {}))


def filters(site: Site, place: str, *fields: Html) -> Html:
    """Return a form that searches a list."""
    buttons = [tag("button", "Show", type="submit"), site.link(place, "All")]
    return tag("form", pages.join([*fields, *buttons]), class_="filters", method="get", action=site.at(place))
