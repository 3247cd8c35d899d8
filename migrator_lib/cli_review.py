"""``migrator review``: the sample, side by side in a browser, and what people found of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from migrator_lib.console import fail, out
from migrator_lib.errors import MigratorError, OutOfTurn

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement


def review(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who reviews; can be typed on the page too.")] = "",
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Take in review.json, which the page made.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Of the page on this machine. Default: a free one.")] = 0,
    show: Annotated[bool, typer.Option("--list", help="Only say what was found so far.")] = False,
) -> None:
    """Show the sample side by side in a browser, SmarterTrack left, Gorgias right, to be marked right or wrong.

    The page is served to this machine alone, until Ctrl-C; each verdict is saved at once in state/, and the next
    review goes on where this one stopped. Where it cannot be served, open state/sample_review_full.html in a browser,
    download review.json there, and take it in with --from.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home
    from migrator_lib.purge import require_not_purged

    try:
        opened = Engagement(home(), engagement)
        require_not_purged(opened.ledger, engagement)
        _require_sample(opened)
        if file is not None:
            _take_in(opened, file)
        elif not show:
            _serve(opened, by, port)
        _say_what_was_found(opened)
    except MigratorError as error:
        fail(error)


def _require_sample(opened: Engagement) -> None:
    from migrator_lib.sample.pages import FULL_FILE

    if not opened.ledger.meta("sample_digest") or not (opened.paths.state / FULL_FILE).exists():
        raise OutOfTurn(
            "There is no sample to review yet.",
            next_step=f"migrator run {opened.name} --only 03 --execute moves one, and makes the page.",
        )


def _take_in(opened: Engagement, file: Path) -> None:
    from migrator_lib.errors import ParameterError
    from migrator_lib.sample.pages import VERDICTS_FILE, reviewed_so_far
    from migrator_lib.sample.verdicts import merged, read, write

    if not file.exists():
        raise ParameterError(f"{file} is not there.", next_step="name the file that the review page downloaded.")
    standing = reviewed_so_far(opened)
    found = read(file, opened.name)
    taken, left = merged(standing.verdicts, found.verdicts, standing.records)
    write(opened.paths.state / VERDICTS_FILE, taken)
    out.print(f"{len(found.verdicts) - len(left)} of {len(found.verdicts)} verdicts are taken in.")
    if left:
        out.print(f"[yellow]Left out, since the sample has changed since:[/] {escape(', '.join(left))}.")


def _serve(opened: Engagement, by: str, port: int) -> None:
    from migrator_lib.errors import ParameterError
    from migrator_lib.sample.pages import FULL_FILE, VERDICTS_FILE, reviewed_so_far
    from migrator_lib.sample.server import ReviewServer

    records = reviewed_so_far(opened).records
    state = opened.paths.state
    try:
        server = ReviewServer(state / FULL_FILE, state / VERDICTS_FILE, opened.name, records, port=port, by=by)
    except OSError as error:
        raise ParameterError(
            f"Port {port} cannot be used: {error.strerror or error}.",
            next_step=f"migrator review {opened.name} without --port takes a free one.",
        ) from error
    out.print(f"Open [bold]{server.address}[/] in a browser on this machine. Ctrl-C ends the review.")
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()


def _say_what_was_found(opened: Engagement) -> None:
    from migrator_lib.sample.pages import reviewed_so_far
    from migrator_lib.sample.signing import is_outdated

    standing = reviewed_so_far(opened)
    out.print(f"{standing.words.capitalize()}. {standing.told}")
    for one, said in standing.wrong:
        remark = f" {escape(said.remark)}" if said.remark else ""
        out.print(f"  [red]{escape(one.name)}[/]: {escape(said.line or 'no line of mapping.yaml')}.{remark}")
    name = opened.name
    if standing.wrong:
        out.print(f"Next: change these lines of mapping.yaml, [bold]migrator sign {name} mapping "
                  f'--by "YOUR NAME"[/], and '
                  f"[bold]migrator run {name} --only 03 --execute[/].")  # fmt: skip
    elif is_outdated(opened):
        out.print(f"Next: [bold]migrator run {name} --only 03 --execute[/]: the mapping was changed since.")
    elif standing.unseen:
        out.print(f"Next: [bold]migrator review {name}[/] goes on.")
    else:
        out.print(f'Next: [bold]migrator sign {name} sample --by "YOUR NAME"[/]')
