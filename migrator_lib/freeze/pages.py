"""The rehearsal of the freeze, for people: a plain sentence, what each day took, and what the hours go to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.freeze.prediction import LOAD, READ, READ_BACK, Prediction, Result
from migrator_lib.freeze.rehearsal import is_quick, kept, rehearse
from migrator_lib.pages import Html, Tone
from migrator_lib.progress import duration

FREEZE_FILE = "freeze.html"
HOURS_SINCE = (4, 12, 24, 48)
"""Hours between the last delta and the freeze that are shown; the sentence is of the third."""
USUAL_HOURS = 24
TONES: dict[str, Tone] = {"fits": "good", "may not fit": "warn", "does not fit": "bad"}


def write(engagement: Engagement, result: Result) -> Path:
    """Write ``documents/freeze.html``; return its path.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    settings = engagement.parameters
    subtitle = f"{settings.company}: the move from SmarterTrack to Gorgias, rehearsed on a simulated account."
    text = pages.page("How long the freeze will take", *parts(result, settings.target.rate.reserve), subtitle=subtitle)
    return pages.write(engagement.paths.documents / FREEZE_FILE, text)


def for_notebook(engagement: Engagement) -> Html:
    """Return what is known of the freeze; rehearsed now, if that was not done since the last delta, and is quick.

    At the cutover itself it says what had been predicted.
    """
    if not engagement.rehearsal:
        earlier = kept(engagement, also_older=True)
        return pages.note(in_words(earlier.predict(USUAL_HOURS)) if earlier else "The freeze was not rehearsed.")
    result = kept(engagement)
    if result is None and is_quick(engagement):
        result = rehearse(engagement)
        write(engagement, result)
    if result is None:
        return pages.note("Not rehearsed with what is staged now. ", pages.code(command(engagement.name)),
                          " says how long the freeze will take.")  # fmt: skip
    found = result.predict(USUAL_HOURS)
    return pages.join([_sentence(result), _days_table(result), _parts_table(found), *_advice(result, found)])


def command(engagement: str) -> str:
    """Return the command that rehearses."""
    return f"migrator rehearse-freeze {engagement}"


def parts(result: Result, reserve: float) -> list[Html]:
    """Return what the page holds; ``reserve`` is the share of the rate that is left to the company."""
    found = result.predict(USUAL_HOURS)
    from migrator_lib import charts  # slow to import, and not every command draws

    by_day = {day.day: day.seconds / 60 for day in result.days}
    by_part = {part.name: part.high / 60 for part in found.parts}
    return [
        _sentence(result),
        pages.heading("The older the delta before, the longer the freeze"),
        pages.paragraph(
            "The last delta, within the freeze, brings what changed since the one before it. The later that one is "
            "loaded, the less is left."
        ),
        _hours_table(result),
        *_advice(result, found, reserve=reserve),
        pages.heading("What the time goes to"),
        _parts_table(found),
        pages.figure(charts.bars(by_part, label="minutes, if much has changed"), "Minutes by part of the freeze"),
        pages.heading("The days that were gone through again"),
        pages.paragraph(
            f"The changes of the {len(result.days)} days up to {_moment(result.last)} were loaded, each day as a "
            "delta, by the real loader into a simulated account with this account's rate, by a virtual clock. Nothing "
            "was sent to Gorgias."
        ),
        _days_table(result),
        pages.figure(charts.bars(by_day, label="minutes to load"), "Minutes to load each day's changes"),
        pages.heading("What is approximated"),
        pages.bullets(result.approximated),
        pages.note(f"The rehearsal itself took {duration(result.ran_seconds)}, on {_moment(result.at)}."),
    ]


def _moment(text: str) -> str:
    return f"{text[:16].replace('T', ' ')} UTC"


def hours(seconds: float) -> str:
    """Return a length of time as people plan with it: in minutes below two hours, else in half hours."""
    if seconds < 7200:
        minutes = max(1, round(seconds / 60))
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{round(seconds / 1800) / 2:g} hours"


def in_words(found: Prediction) -> str:
    """Return the prediction in one plain sentence."""
    low, high = hours(found.low), hours(found.high)
    number, unit = low.split()
    same_unit = unit.rstrip("s") in high
    about = high if low == high else f"{number} to {high}" if same_unit else f"{low} to {high}"
    return f"The freeze will take about {about}; the window is {found.window_hours:g} hours."


def _sentence(result: Result) -> Html:
    found = result.predict(USUAL_HOURS)
    unknown = f" Not measured yet, and not in it: {', '.join(found.unknown).lower()}." if found.unknown else ""
    before = "A delta is to be loaded a day before the freeze begins."
    words = {"fits": "It fits.", "may not fit": "On a day with much work it does not fit.",
             "does not fit": "It does not fit: see what to do."}[found.fit]  # fmt: skip
    detail = f"{words} {before}{unknown}"
    return pages.status(in_words(found), TONES[found.fit], detail=detail)


def _hours_table(result: Result) -> Html:
    found = [result.predict(since) for since in HOURS_SINCE]
    rows = [
        {
            "delta before the freeze": f"{one.hours_since:g} hours earlier",
            "little changed": hours(one.low), "usual": hours(one.usual), "much changed": hours(one.high),
            f"in {one.window_hours:g} hours": pages.badge(one.fit, TONES[one.fit]),
        }
        for one in found
    ]  # fmt: skip
    return pages.table(rows, caption="Length of the freeze: 10 %, 50 % and 90 % of the days")


def _parts_table(found: Prediction) -> Html:
    rows: list[dict[str, object]] = []
    for part in found.parts:
        told = [duration(part.low), duration(part.usual), duration(part.high)] if part.known else ["not measured"] * 3
        rows.append(dict(zip(("part", "little changed", "usual", "much changed"), [part.name, *told], strict=True)))
    rows.append({"part": "Together", "little changed": duration(found.low), "usual": duration(found.usual),
                 "much changed": duration(found.high)})  # fmt: skip
    return pages.table(rows, caption=f"If a delta was loaded {found.hours_since:g} hours before the freeze")


def _days_table(result: Result) -> Html:
    rows = [
        {"day up to": day.day, "tickets, chats and calls changed": day.tickets, "messages and comments": day.messages,
         "calls": day.calls, "to load": duration(day.seconds), "MB of files": round(day.file_bytes / 1e6, 1)}
        for day in result.days
    ]  # fmt: skip
    return pages.table(rows, caption="Each day's changes, loaded as a delta")


def _advice(result: Result, found: Prediction, *, reserve: float | None = None) -> Sequence[Html]:
    """Return what would make the freeze shorter, and by how much; nothing where it fits easily."""
    if found.fit == "fits":
        return ()
    by = {part.name: part.high for part in found.parts}
    rated = by[LOAD] + by[READ_BACK]
    sooner = found.high - result.predict(HOURS_SINCE[0]).high
    told = [
        f"Load one more delta {HOURS_SINCE[0]} hours before the freeze: up to {hours(sooner)} less.",
        f"Sign in as an app by OAuth2 instead of a key, which may send twice as much: up to {hours(rated / 2)} less.",
        f"Read the source from a faster disk, or nearer to it: reading and comparing takes {hours(by[READ])}.",
    ]
    if reserve:
        told.append(f"Leave less of the rate to the company's own integrations, which rest in a freeze: target.rate."
                    f"reserve 0 saves up to {hours(rated * reserve)}.")  # fmt: skip
    told.append(f"Plan a longer window (delta.freeze_hours is {found.window_hours:g}), or a day with little work.")
    return [pages.heading("What to do", 3), pages.bullets(told)]
