"""The command line: ``migrator run`` and what goes with it; ``migrator --help`` lists the commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from migrator_lib.cli_evidence import evidence, verify
from migrator_lib.cli_freeze import rehearse_freeze
from migrator_lib.cli_hash_tree import hash_tree
from migrator_lib.cli_ledger import ledger
from migrator_lib.cli_mapping import mapping, print_differences
from migrator_lib.cli_new import new
from migrator_lib.cli_pdf import pdf
from migrator_lib.cli_purge import purge
from migrator_lib.cli_quarantine import quarantine, retry
from migrator_lib.cli_remap import remap
from migrator_lib.cli_review import review
from migrator_lib.cli_simulate import simulate
from migrator_lib.cli_sweep import sweep
from migrator_lib.console import err, fail, out
from migrator_lib.errors import ExitCode, MigratorError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Move a company's help desk from SmarterTrack to Gorgias, and prove that it was done.

    An engagement is one company's migration: a folder in parameters/ with what people decide, and one in reports/ \
with what runs leave. The runbook has eight notebooks, 01 to 08, and 90, which rolls back. A run rehearses \
them in order; with --execute it writes to Gorgias, and goes on where the last one stopped.

    First steps:

      migrator run demo --execute   the runbook on a made-up company

      migrator new acme             begin an engagement of your own

      migrator status demo          where it stands, and what comes next

      migrator sign demo sample --by NAME   open a gate

      migrator pause demo           between two records; and resume, and stop

      migrator grants demo          the rights that reading SmarterTrack needs, as a script

      migrator retry demo           what could not be moved, once it is mended

      migrator restore-target demo  put back in Gorgias what was switched off

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 waits at a gate, 4 done but with exceptions beyond the threshold, \
5 stopped.
    """,
)
app.add_typer(simulate, name="simulate")
app.command("remap")(remap)
app.command("mapping")(mapping)
app.add_typer(ledger, name="ledger")
app.add_typer(hash_tree, name="hash-tree")
app.command()(review)
app.command()(sweep)
app.command()(purge)
app.command()(retry)
app.add_typer(quarantine, name="quarantine")
app.command()(rehearse_freeze)
app.command()(new)
app.command()(pdf)
app.command()(evidence)
app.command()(verify)

Name = Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")]


def parsed(values: list[str]) -> dict[str, Any]:
    """Return ``name=value`` pairs, values read as JSON where they are JSON."""
    found: dict[str, Any] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"'{text}' has no '=': write -p name=value")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


@app.command()
def run(
    engagement: Name,
    first: Annotated[str | None, typer.Option("--from", metavar="NN", help="Begin at this step, such as 04.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="NN", help="End with this step.")] = None,
    only: Annotated[str | None, typer.Option("--only", metavar="NN", help="Run this step alone.")] = None,
    execute: Annotated[
        bool, typer.Option("--execute", help="Write to Gorgias. Without it, steps that would write rehearse.")
    ] = False,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="A notebook's parameter.")
    ] = None,
) -> None:
    """Run the runbook, or a part of it, and leave its reports.

    With --execute and without --from it goes on where the last run stopped; a rehearsal begins at 01. Safe to stop at
    any time, also with kill -9.
    """
    from migrator_lib.driver import Run
    from migrator_lib.paths import home

    try:
        one = Run(home(), engagement, execute=execute, values=parsed(parameter or []), say=_say)
        steps = one.steps(first, last, only)
        mode = "writing to Gorgias" if execute else "rehearsal: nothing is written to Gorgias"
        out.print(f"Run {one.run_id} of {engagement}: {steps[0]} to {steps[-1]} ({mode}).")
        code = one.run(steps)
        _print_summary(one)
    except MigratorError as error:
        fail(error)
    raise typer.Exit(int(code))


def _say(line: str) -> None:
    colour = "red" if " failed after " in line else "yellow" if "gate" in line else ""
    text = escape(line).replace("Next:", "[bold]Next:[/]")
    out.print(f"[{colour}]{text}[/]" if colour else text)


def _what_was_done(one: Any) -> str:
    """Return what a run made of records, or took away again, in words."""
    from migrator_lib.evidence.summary import PRODUCTION, latest_done
    from migrator_lib.pages import counted

    ledger = one.engagement.ledger
    back = latest_done(ledger.steps(one.run_id), "90_rollback")
    if back is not None:
        return f"removed {counted(int(back['summary']['removed']), 'thing')}"
    kept = (step["summary"] or {} for step in ledger.steps(one.run_id) if step["status"] == "done")
    loads = [summary for summary in kept if "updated" in summary]
    changed = sum(int(load["updated"]) for load in loads)
    if loads:
        new = sum(int(load["created"]) for load in loads)
    else:  # none has ended: what was changed is among these, too
        new = sum(ledger.created_in(one.run_id, PRODUCTION).values())
    words = f"created {counted(new, 'record')}" if new else "created nothing new"
    return f"{words} and changed {counted(changed, 'record')}" if changed else words


def _print_summary(one: Any) -> None:
    from migrator_lib.evidence import summary

    document = summary.collect(one.engagement)
    reports = one.engagement.paths.reports
    if document["objects"]:
        out.print(_accounts_table(document))
    tone = {"good": "green", "warn": "yellow", "bad": "red"}[document["status"]["tone"]]
    out.print(f"[bold {tone}]{document['status']['text']}[/]")
    api, mail = document["api"], document["mail_sent"]
    out.print(f"This run {_what_was_done(one)} in Gorgias.")
    if api["calls_per_ticket"] is not None:
        out.print(
            f"All loads so far: {api['calls']:,} calls, {api['calls_per_ticket']} for each ticket, "
            f"{api['throttled']} throttled. Mail sent: {'not known yet' if mail is None else mail}."
        )
    _print_off(document)
    out.print(f"Look at [bold]{reports / 'index.html'}[/]")


COLUMNS = {
    "source": "source", "created": "cre-\nated", "matched": "mat-\nched", "merged": "mer-\nged",
    "skipped": "skip-\nped", "handed_over": "hand-\ned\nover", "quarantined": "quar-\nan-\ntined",
    "validated": "veri-\nfied", "changed": "chan-\nged", "wrong": "wrong",
}  # fmt: skip
"""Headings of the accounts, broken to fit 80 columns."""
WIDE = 100
"""From this width on headings are not broken."""


def _accounts_table(document: dict[str, Any]) -> Table:
    from migrator_lib.reconcile import WRONG

    columns = [c for c in COLUMNS if c != "changed" or any(one["changed"] for one in document["objects"].values())]
    title = f"{document['company']}: every source record and its outcome"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("object", no_wrap=True)
    for heading in (COLUMNS[c] for c in columns):
        whole = heading.replace("-\n", "").replace("\n", " ")
        table.add_column(whole if out.width >= WIDE else heading, justify="right", no_wrap=True)
    for obj, one in document["objects"].items():
        numbers = {**one, "wrong": sum(one[state] for state in WRONG)}
        table.add_row(obj.replace("_", " "), *(f"{numbers[c]:,}" if numbers[c] else "·" for c in columns))
    return table


@app.command()
def status(
    engagement: Annotated[str | None, typer.Argument(metavar="[ENGAGEMENT]", help="Default: all of them.")] = None,
) -> None:
    """Show where an engagement stands: steps, gates, numbers, and the command to type next."""
    from migrator_lib.paths import home

    try:
        root = home()
        if engagement:
            _print_status(root, engagement)
        else:
            for file in sorted((root / "parameters").glob("*/engagement.yaml")):
                _print_line(root, file.parent.name)
    except MigratorError as error:
        fail(error)


def _print_line(root: Path, name: str) -> None:
    file = root / "reports" / name / "summary.json"
    text = json.loads(file.read_text(encoding="utf-8"))["status"]["text"] if file.exists() else "Not started."
    out.print(f"[bold]{name}[/]  {text}")


def _print_status(root: Path, name: str) -> None:
    from migrator_lib import progress
    from migrator_lib.engagement import Engagement
    from migrator_lib.evidence import standing, summary

    opened = Engagement(root, name)
    document = summary.collect(opened)
    out.print(f"[bold]{opened.parameters.company}[/] ({name}): {document['status']['text']}")
    steps = Table("step", "status", "started (UTC)", "took", box=None)
    rows = standing.step_rows(opened)
    for row in rows:
        took = "" if row["took"] is None else progress.duration(row["took"])
        steps.add_row(row["step"], row["status"], (row["started"] or "")[:16].replace("T", " "), took)
    gates = Table("gate", "before", "state", "by", "reason", box=None)
    for row in standing.gate_rows(opened):
        gates.add_row(row["gate"], row["before"], row["state"], row["by"], row["reason"])
    out.print(steps, gates, sep="\n\n")
    if document["objects"]:
        out.print(_accounts_table(document))
    seen = progress.read(opened.paths.state / "progress.json")
    running = [row for row in rows if row["status"] == "running"]
    holder = opened.ledger.lease()
    if running and holder is not None:
        out.print(f"Running now: {seen.line() if seen else running[0]['step']} ({holder})")
    elif running:
        out.print(f"{running[0]['step']} was cut off{': ' + seen.line() if seen else ''}. Nothing is lost.")
    _print_off(document)
    out.print(f"Next: [bold]{standing.next_command(opened)}[/]")


def _print_off(document: dict[str, Any]) -> None:
    """Say what is off in the accounts because of us."""
    for target, off in document["switched_off"].items():
        out.print(
            f"[yellow]Switched off by this migration in the {target} account, and not put back yet:[/] "
            f"{escape(', '.join(off))}. "
            f"[bold]migrator restore-target {document['engagement']} --target {target}[/] puts them back."
        )


@app.command()
def pause(engagement: Name) -> None:
    """Pause the run of an engagement at the next record; a run that begins later waits, too.

    The run keeps its place. So does making the file PAUSE in the engagement's report folder.
    """
    control = _control(engagement, lambda one: one.pause())
    out.print(f"{control.pause_file} is made: a run pauses at its next record.")
    out.print(f"Next: [bold]migrator resume {engagement}[/] goes on.")


@app.command()
def resume(engagement: Name) -> None:
    """Let a paused run go on."""
    control = _control(engagement, lambda one: one.resume())
    out.print(f"{control.pause_file} is not there (any more): the run goes on.")


@app.command()
def stop(engagement: Name) -> None:
    """Stop the run of an engagement at the next record; it ends with exit code 5, and the next run goes on.

    So does making the file STOP in the engagement's report folder, SIGTERM, and Ctrl-C.
    """
    control = _control(engagement, lambda one: one.stop())
    out.print(f"{control.stop_file} is made: a run stops at its next record. If none is at work, the next removes it.")
    out.print(f"Next: [bold]migrator run {engagement}[/] again (with --execute, if it was) goes on.")


def _control(engagement: str, ask: Callable[[Any], object]) -> Any:
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home

    try:
        control = Engagement(home(), engagement).control
        ask(control)
    except MigratorError as error:
        fail(error)
    return control


@app.command("restore-target")
def restore_target(
    engagement: Name,
    target: Annotated[
        str, typer.Option("--target", metavar="ACCOUNT", help="production or sandbox. Default: both.")
    ] = "",
) -> None:
    """Put back what was switched off in the Gorgias accounts: rules, HTTP integrations, settings.

    For a migration that was stopped for good, or crashed, before notebook 07 did it. Each is put back exactly as it was
    found; what somebody changed meanwhile is left alone and named. Canaries that are still there are removed. Safe to
    repeat.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home
    from migrator_lib.simulators import embedded

    if target not in ("", "production", "sandbox"):
        raise typer.BadParameter("--target is production or sandbox")
    try:
        opened = Engagement(home(), engagement)
        opened.ledger.take_lease()
        with embedded.accounts(opened.parameters, opened.paths):
            left = [_restore(opened, one) for one in ((target,) if target else opened.parameters.target.accounts)]
        opened.close()
    except MigratorError as error:
        fail(error)
    raise typer.Exit(int(ExitCode.EXCEPTIONS if any(left) else ExitCode.DONE))


def _restore(opened: Any, target: str) -> int:
    """Put one account back, say what was done, and return how much could not be."""
    from migrator_lib import quiet
    from migrator_lib.side_effects import still_off

    removed = quiet.remove_canaries(opened, target)
    if removed:
        out.print(f"{target}: {removed} canaries of this migration are removed.")
    off = still_off(opened.ledger, target)
    if not off:
        out.print(f"{target}: nothing is switched off by this migration.")
        return 0
    out.print(f"{target}: to be put back: {escape(', '.join(effect.words for effect in off))}")
    done = quiet.restore(opened, target)
    for one in done:
        tone = "green" if one.outcome == "restored" else "yellow"
        out.print(f"  [{tone}]{one.outcome}[/] {escape(one.what)}" + (f" ({escape(one.words)})" if one.words else ""))
    return sum(one.outcome != "restored" for one in done)


@app.command()
def grants(
    engagement: Name,
    login: Annotated[str, typer.Option(help="The login's name.")] = "smartertrack_reader",
    known_names: Annotated[
        bool, typer.Option("--known-names", help="Name what SmarterTrack is known to have, without looking.")
    ] = False,
) -> None:
    """Print the script for a login that may read what the migration reads of SmarterTrack, and nothing else.

    Names are those of the database where source.url opens it, else those that SmarterTrack is known to have.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.errors import ParameterError, SourceError
    from migrator_lib.paths import home
    from migrator_lib.smartertrack.connection import translated, with_driver
    from migrator_lib.smartertrack.grants import Rights

    try:
        opened = Engagement(home(), engagement)
        settings = opened.parameters.source
        with translated("reading source.url"):
            url = with_driver(settings.url or "sqlite://")
            rights = Rights(url.get_dialect()(), url.database or "", login, settings.prefix, settings.table_schema)
        if settings.url and not known_names:
            try:
                rights = rights.seen_in(opened.open_source())
            except (ParameterError, SourceError) as error:
                err.print(f"[yellow]The database was not looked at:[/] {escape(error.message)}")
    except MigratorError as error:
        fail(error)
    typer.echo(rights.script())


@app.command()
def sign(
    engagement: Name,
    gate: Annotated[str, typer.Argument(metavar="GATE", help="The gate's name, as 'migrator status' shows it.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who states it.")],
    note: Annotated[str, typer.Option("--note", help="Where the proof is, for instance.")] = "",
) -> None:
    """Open a gate: a named person states that its condition is met.

    The signature is bound to the hash of what is signed; when that changes, the gate is closed again.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home
    from migrator_lib.signing import sign as sign_gate

    try:
        signed = sign_gate(Engagement(home(), engagement), gate, by=by, note=note)
    except MigratorError as error:
        fail(error)
    if signed.changed is not None:
        print_differences(signed.changed)
    out.print(f"{signed.by} states for {engagement}: {signed.statement}")
    out.print(f"Bound to {signed.subject}. Next: [bold]migrator run {engagement} {signed.gate.after_signing}[/]")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
