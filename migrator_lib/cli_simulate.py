"""``migrator simulate``: stand-ins for both systems."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from migrator_lib.console import err, fail, out
from migrator_lib.errors import ExitCode, MigratorError

if TYPE_CHECKING:
    from migrator_lib.simulators.gorgias import Account

simulate = typer.Typer(no_args_is_help=True, help="Stand-ins for both systems, to try everything without either.")


class Rate(StrEnum):
    """Sizes of the rate limit; they are those of ``rate_limit.CHOICES``, which is slow to import."""

    API_KEY = "api-key"
    OAUTH = "oauth"
    ENTERPRISE_API_KEY = "enterprise-api-key"
    ENTERPRISE_OAUTH = "enterprise-oauth"
    UNLIMITED = "unlimited"


class Bucket(StrEnum):
    """How the rate limit counts."""

    LEAKY = "leaky"
    WINDOW = "window"


class Profile(StrEnum):
    """What goes wrong by chance; they are those of ``faults.PROFILES``."""

    FLAKY = "flaky"
    THROTTLED = "throttled"
    LAGGING = "lagging"
    CRASHY = "crashy"


class RoleName(StrEnum):
    """Roles of a user; they are those of ``contract.bodies.Role``."""

    ADMIN = "admin"
    AGENT = "agent"
    BASIC_AGENT = "basic-agent"
    LITE_AGENT = "lite-agent"
    OBSERVER_AGENT = "observer-agent"


@simulate.command("smartertrack")
def simulate_smartertrack(
    folder: Annotated[Path, typer.Argument(help="Where the database and the files root are written.")],
    seed: Annotated[int, typer.Option(help="The same seed and size make the same help desk.")] = 7,
    tickets: Annotated[int, typer.Option(min=1, help="Everything else is in proportion.")] = 1000,
    prefix: Annotated[str, typer.Option(help="What table names begin with.")] = "st_",
    url: Annotated[str, typer.Option(help="SQLAlchemy URL of an empty database instead.")] = "",
) -> None:
    """Build a SmarterTrack database with the real table names, and its files root."""
    from migrator_lib.simulators.smartertrack import build

    database = folder / "smartertrack.sqlite3"
    if not url and database.exists():
        err.print(f"[red]{database} is there already.[/]\n[bold]Next:[/] name another folder, or remove it.")
        raise typer.Exit(int(ExitCode.FAILED))
    folder.mkdir(parents=True, exist_ok=True)
    build(url or f"sqlite:///{database}", folder / "files", seed=seed, tickets=tickets, prefix=prefix)
    out.print(f"Database: {url or f'sqlite:///{database}'}\nFiles root: {folder / 'files'}")


@simulate.command("gorgias")
def simulate_gorgias(
    folder: Annotated[
        Path | None, typer.Argument(help="Where the accounts' state is kept, a file each. Default: in memory.")
    ] = None,
    account: Annotated[list[str] | None, typer.Argument(help="Names of accounts. Default: demo.")] = None,
    memory: Annotated[
        bool, typer.Option("--memory", help="Keep the state in memory; every argument names an account then.")
    ] = False,
    seed: Annotated[Path | None, typer.Option(help="JSON file with what an account holds at first.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    speed: Annotated[
        float, typer.Option(min=0.001, help="How fast the accounts' clocks run; 60: an hour a minute.")
    ] = 1.0,
    rate: Annotated[Rate, typer.Option(help="Size of the rate limit.")] = Rate.API_KEY,
    bucket: Annotated[Bucket, typer.Option(help="How the rate limit counts.")] = Bucket.LEAKY,
    foreign_share: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of the rate limit that the company's own traffic uses up.")
    ] = 0.0,
    latency: Annotated[
        float, typer.Option(min=0, help="Seconds, by the account's clock, that a request takes to come and go.")
    ] = 0.0,
    profile: Annotated[Profile | None, typer.Option(help="What goes wrong by chance. Default: nothing.")] = None,
    fault_seed: Annotated[int, typer.Option(help="The same seed and requests meet the same faults.")] = 0,
    role: Annotated[RoleName | None, typer.Option(help="Of the key's user. Default: as the seed says.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as one line of JSON.")] = False,
) -> None:
    """Serve simulated Gorgias accounts on 127.0.0.1 until Ctrl-C. No mail leaves.

    Each account has the API (/api/), pages to look at what is in it (/), a page of its API (/docs, /openapi.json), \
and an admin API (/_simulator/) to see what it would have sent and to set the scene.

    Examples:

      migrator simulate gorgias   an empty account, in memory

      migrator simulate gorgias state shop sandbox   two, kept in a folder

      migrator simulate gorgias --memory --seed parameters/demo/gorgias.json

      migrator simulate gorgias --rate oauth --bucket window --foreign-share 0.25

      migrator simulate gorgias --profile flaky --fault-seed 7 --speed 60

      migrator simulate gorgias --rate unlimited --port 0 --json   for fuzzing
    """
    from migrator_lib.simulators.gorgias.open_accounts import Conditions
    from migrator_lib.simulators.gorgias.server import print_addresses, serve

    names = [*([str(folder)] if memory and folder else []), *(account or [])] or ["demo"]
    conditions = Conditions(
        speed=speed, rate=rate, fixed_window=bucket is Bucket.WINDOW, foreign_share=foreign_share,
        latency_seconds=latency, profile=profile and profile.value, fault_seed=fault_seed, role=role or "",
    )  # fmt: skip
    try:
        serve(
            None if memory else folder, names, port=port, seed=seed, conditions=conditions,
            ready=print_addresses if as_json else _tell,
        )  # fmt: skip
    except MigratorError as error:
        fail(error)


@simulate.command("day")
def simulate_day(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="One with simulators, such as demo.")],
) -> None:
    """Let a day of work pass in the simulated Gorgias account after a migration, and mail arrive late in SmarterTrack.

    Agents work on migrated tickets, and customers write. It passes once; what hypercare makes of it is shown by

      migrator run demo --only 08 -p day=2
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home
    from migrator_lib.simulators import embedded

    try:
        opened = Engagement(home(), engagement)
        opened.ledger.take_lease()  # no run is at work meanwhile
        done = embedded.go_to_work(opened.parameters, opened.paths)
        opened.close()
    except MigratorError as error:
        fail(error)
    told = ", ".join(f"{what} {n}" for what, n in done.items() if n)
    out.print(f"A day of work: {told}." if told else "That day has passed before: nothing was done.")


def _tell(addresses: Mapping[str, str], accounts: Mapping[str, Account]) -> None:
    """Say where each account is, and how to sign in."""
    for name, address in addresses.items():
        account = accounts[name]
        out.print(f"[bold]{escape(name)}[/]")
        for what, where in (("Look", "/"), ("Docs", "/docs"), ("API", "/api/"), ("Behind", "/_simulator/stats")):
            out.print(f"  {what:<8}{address}{where}")
        out.print(f"  Sign in {escape(account.user_email)} with {escape(account.key_hint)}, as {account.role()}")
    limit = next(iter(accounts.values())).limit
    kind = "fixed window" if limit.fixed_window else "leaky bucket"
    out.print(f"{limit.limit:,} calls in {limit.window:g} s ({kind}). Ctrl-C ends it.")
