"""``state/sample_review_full.html``: both sides of every record of the sample, to be marked right or wrong.

It holds what customers wrote, so it stays in ``state/``. A message's HTML is shown without what acts or loads, in
sandboxed frames; the page's own policy lets nothing be loaded, and nothing run but its one script.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.pages import Html
from migrator_lib.sample import confidence
from migrator_lib.sample.markup import shown, text
from migrator_lib.sample.pictures import REFERENCE, Pictures
from migrator_lib.sample.reviewer import Review, Reviewed
from migrator_lib.sample.rows import RecordRows, lines_of, mapping_line, not_moved
from migrator_lib.sample.sides import File, Pair, Said, Sides

ASSETS = Path(pages.__file__).parent / "assets" / "review"
LONG_THREAD = 12
"""Messages from which the middle of a thread is folded."""
FIRST, LAST = 5, 3
"""Messages that are shown before and behind the fold."""


def review_page(engagement: Engagement, review: Review, digest: str, top: Html) -> str:
    """Return the page; ``top`` says how to review and sign."""
    pictures = Pictures(engagement.files_root, engagement.staged("sample").blobs, review.lookups)
    body = [
        pages.heading("Sample review", 1),
        _top(),
        _bar(review),
        pages.folded("How to review", top),
        *(_Record(engagement, review, one, pictures).section() for one in review.records),
        _end(engagement),
        _data("about", _about(engagement, review, digest)),
        pages.tag("script", Html(_script())),
    ]
    return pages.document(
        "Sample review", pages.join(body), extra_style=(ASSETS / "review.css").read_text(encoding="utf-8"),
        policy=policy(), footer=f"{engagement.parameters.company}: SmarterTrack left, Gorgias right.",
    )  # fmt: skip


@cache
def _script() -> str:
    return "\n" + (ASSETS / "review.js").read_text(encoding="utf-8")


def policy() -> str:
    """Return what a browser may load and run for the page: its own script, and what it asks of its own server."""
    digest = base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()
    return f"{pages.POLICY}; script-src 'sha256-{digest}'; connect-src 'self'"


def _data(name: str, content: object) -> Html:
    held = json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
    return pages.tag("script", Html(held), type="application/json", id=name)


def _about(engagement: Engagement, review: Review, digest: str) -> object:
    lines = {line for one in review.records for line in lines_of(one, review.lookups)}
    drawn = sum(one.is_random for one in review.records)
    return {
        "engagement": engagement.name,
        "digest": digest,
        "lines": {line: _described(line, review) for line in sorted(lines)},
        "told": [confidence.sentence(wrong, drawn, review.population) for wrong in range(drawn + 1)],
        "records": [
            {
                "key": one.name, "name": one.title, "fingerprint": one.fingerprint, "random": one.is_random,
                "differs": not one.is_right, "lines": lines_of(one, review.lookups),
            }
            for one in review.records
        ],
    }  # fmt: skip


def _described(line: str, review: Review) -> str:
    """Return a line of mapping.yaml with what it says now: ``statuses.3.becomes: Waiting → open``."""
    section, _, rest = line.partition(".")
    key, _, part = rest.rpartition(".")
    entry = getattr(review.lookups.mapping, section).get(key)
    if entry is None:
        return f"{line}: not there yet"
    name = getattr(entry, "name", None) or getattr(entry, "label", "")
    return f"{line}: {f'{name} → ' if name else ''}{getattr(entry, part)}"


# --- what the hands hold --------------------------------------------------------------------------------


def _bar(review: Review) -> Html:
    options = [pages.tag("option", one.title, value=str(n)) for n, one in enumerate(review.records)]
    end = pages.tag("option", "The end: what was found", value=str(len(review.records)))
    first = [
        pages.tag("span", "", id="progress", role="status"),
        pages.tag("progress", "", id="done", value="0", max="1", aria_label="looked at"),
        pages.tag("select", pages.join([*options, end]), id="pick", aria_label="Record"),
        _button("before", "Back", "←"), _button("after", "Next", "→"),
        _button("right", "Right", "R", class_="right"), _button("wrong", "Wrong", "W", class_="wrong"),
        pages.tag("span", "", id="saved", role="status"),
    ]  # fmt: skip
    second = [
        pages.tag("label", "What should change:", for_="line"),
        pages.tag("select", "", id="line"),
        Html('<input id="remark" maxlength="2000" placeholder="What is wrong? Enter goes on" aria-label="Remark">'),
    ]
    lines = pages.tag("div", pages.join(first), class_="line")
    details = pages.tag("div", pages.join(second), class_="line", id="details", hidden="hidden")
    return pages.tag("div", pages.join([lines, details]), id="bar")


def _top() -> Html:
    words = "Confidential: this page holds what customers wrote. Do not pass it on."
    field = Html('<input id="by" class="by" maxlength="100" autocomplete="name">')
    name = pages.tag("span", pages.join([pages.tag("label", "Your name: ", for_="by"), field]))
    return pages.tag("div", pages.join([pages.tag("p", words, class_="confidential"), name]), class_="top")


def _button(name: str, words: str, key: str, **more: str) -> Html:
    return pages.tag("button", pages.join([words, pages.tag("kbd", key)]), id=name, type="button", **more)


def _end(engagement: Engagement) -> Html:
    body = [
        pages.tag("h2", "What was found", tabindex="-1"),
        pages.tag("p", "", id="next"),
        pages.tag("p", "Found wrong, with the line of mapping.yaml that should change:", id="found", hidden="hidden"),
        pages.tag("ul", "", id="wrongs"),
        pages.tag("p", "", id="told"),
        pages.tag("p", pages.join(["Then: ", pages.code(f'migrator sign {engagement.name} sample --by "NAME"')])),
        pages.paragraph(
            _button_only("download", "Download review.json"),
            " for whoever runs the migration, where this page was opened as a file: ",
            pages.code(f"migrator review {engagement.name} --from review.json"), " takes it in.",
        ),
    ]  # fmt: skip
    return pages.tag("section", pages.join(body), id="end")


def _button_only(name: str, words: str) -> Html:
    return pages.tag("button", words, id=name, type="button", class_="by")


# --- one record -----------------------------------------------------------------------------------------


class _Record:
    """The section of one record."""

    def __init__(self, engagement: Engagement, review: Review, reviewed: Reviewed, pictures: Pictures) -> None:
        self.engagement = engagement
        self.review = review
        self.reviewed = reviewed
        self.addresses = pictures.of(reviewed.record.attachments)
        self.sides = Sides(review, reviewed)

    def section(self) -> Html:
        """Return it."""
        reviewed = self.reviewed
        rows = RecordRows(self.review, reviewed, masked=False).fields() if reviewed.expected is not None else []
        subject = reviewed.record.row.get("Subject") or reviewed.record.row.get("InitialQuestion") or ""
        wrong = [*not_moved(reviewed), *reviewed.all_differences]
        lines = (mapping_line(reviewed, one.field, self.review.lookups) for one in wrong)
        line = next((line for line in lines if line), "")
        body = [
            pages.tag("h2", f"{reviewed.title}{f': {subject}' if subject else ''}", tabindex="-1"),
            pages.tag("p", pages.join([_outcome(reviewed), f" Chosen for: {', '.join(reviewed.reasons)}. ",
                                       *links(self.engagement, reviewed)]), class_="why"),
            self._fields(rows) if rows else "",
            self._thread(),
        ]  # fmt: skip
        return pages.tag(
            "section", pages.join(body), class_="record", id=reviewed.name.replace(":", "-"), data_key=reviewed.name,
            data_line=line,
        )  # fmt: skip

    def _fields(self, rows: Sequence[dict[str, object]]) -> Html:
        shown_rows = [{**row, "decided by": _decides(str(row["decided by"]))} for row in rows]
        kept = [{name: value for name, value in row.items() if name != "field"} for row in shown_rows]
        return pages.table(kept, different="differs")

    def _thread(self) -> Html:
        pairs = list(self.sides.pairs())
        stray = self.sides.files_of_none()
        head = [pages.tag("div", "SmarterTrack", class_="head"), pages.tag("div", "Gorgias", class_="head")]
        parts = [self._files_of_record(stray)] if stray else []
        cells = list(self._folded(pairs))
        if not cells:
            return pages.note("No part of it is in Gorgias, and none in SmarterTrack.")
        return pages.join([*parts, pages.tag("div", pages.join(head), class_="sides"), *cells])

    def _files_of_record(self, files: Sequence[File]) -> Html:
        return pages.note("Files that hang on no message in SmarterTrack: ", self._files(files))

    def _folded(self, pairs: Sequence[Pair]) -> Iterator[Html]:
        """Yield the thread; what lies in the middle of a long one, and is as it was meant, is folded."""
        n = len(pairs)
        middle = range(FIRST, n - LAST) if n > LONG_THREAD else range(0)
        folds = [place in middle and not _stands_out(pair) for place, pair in enumerate(pairs)]
        for fold, group in groupby(zip(folds, pairs, strict=True), key=lambda one: one[0]):
            found = [pair for _, pair in group]
            cells = pages.tag("div", pages.join(map(self._pair, found)), class_="sides")
            yield pages.folded(f"{pages.counted(len(found), 'message')} more, as meant", cells) if fold else cells

    def _pair(self, pair: Pair) -> Html:
        what = [difference.field.rpartition(": ")[2] for difference in pair.differences]
        line = _decides(pair.line) if pair.line and "from_agent" in what else ""
        said = pages.tag("p", pages.join([f"Differs: {', '.join(what)}", line]), class_="what") if what else ""
        return pages.join(
            [said, self._said(pair.source, pair, "source", "SmarterTrack"), self._said(pair.target, pair, "target",
                                                                                        "Gorgias")]
        )  # fmt: skip

    def _said(self, said: Said | None, pair: Pair, side: str, system: str) -> Html:
        differs = " differs" if pair.differences else ""
        if said is None:
            words = pair.remark or ("not loaded yet" if self.review.rehearsal else "not there")
            return pages.tag("div", words, class_=f"said absent {side}{differs}")
        seen = "everybody sees it" if said.public else "internal: the customer does not see it"
        head = pages.tag("header", pages.join([pages.tag("b", said.who), f" · {said.role} · {said.when} · ", seen]))
        kind = f"said {side} {'agent' if said.role == 'agent' else ''}{'' if said.public else ' internal'}{differs}"
        files = self._files(said.files) if said.files else ""
        return pages.tag("div", pages.join([head, self._body(said, system), files]), class_=kind)

    def _body(self, said: Said, system: str) -> Html:
        if not said.html.strip():
            return pages.tag("pre", said.text.strip() or "(empty)", tabindex="0")
        plain = pages.tag("pre", text(said.html) or "(no text)", tabindex="0")
        safe = shown(said.html, self._picture)
        return pages.tag("div", plain, class_="markup", data_html=safe, data_title=f"Message in {system}")

    def _picture(self, source: str) -> str | None:
        return self.addresses.get(source.strip())

    def _files(self, files: Sequence[File]) -> Html:
        items = []
        for file in files:
            address = self.addresses.get(file.reference)
            image = Html(f'<img src="{address}" alt="">') if address else ""
            arrived = "" if not file.reference or file.reference.startswith(REFERENCE) else " (another file)"
            items.append(pages.join([f"{file.name}{arrived}", image]))
        return pages.bullets(items)


def _stands_out(pair: Pair) -> bool:
    """Whether a message is not as meant, or holds what a person wants to see: a file, a picture, a note."""
    sides = [side for side in (pair.source, pair.target) if side is not None]
    return bool(pair.differences or pair.remark or len(sides) < 2) or any(
        side.files or not side.public or "<img" in side.html.lower() for side in sides
    )


def _decides(line: str) -> Html:
    if not line:
        return Html("")
    return pages.tag("button", line, class_="decides", type="button", data_line=line, title="Wrong, by this line")


def _outcome(reviewed: Reviewed) -> Html:
    if not reviewed.is_right:
        return pages.badge("differs" if reviewed.all_differences else reviewed.outcome, "bad")
    return pages.badge(reviewed.outcome, "plain" if reviewed.outcome.startswith("left out") else "good")


def links(engagement: Engagement, reviewed: Reviewed) -> list[object]:
    """Return links to both originals, as far as they can be opened."""
    found: list[object] = []
    if reviewed.target_id is not None:
        url = f"{engagement.account_url(engagement.sample_account).rstrip('/')}/app/ticket/{reviewed.target_id}"
        found += [pages.link(url, f"Gorgias ticket {reviewed.target_id}")]
    portal = engagement.parameters.source.portal_url
    if portal:
        found += [", " if found else "", pages.link(portal, "SmarterTrack's portal"), " (search for the number)"]
    return found
