"""Setting the scene: what goes wrong, what the account does where nobody knows, how fast, and as whom."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from migrator_lib.clock import ManualClock, ScaledClock
from migrator_lib.gorgias.contract.bodies import Role
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.knobs import Knobs, Seconds
from migrator_lib.simulators.gorgias.limits.faults import FAULTS, PROFILES, Fault
from migrator_lib.simulators.gorgias.limits.rate_limit import CHOICES, RateLimit

DAYS = 366
MOST_SECONDS = 86_400 * DAYS


class FaultRequest(BaseModel):
    """Something that goes wrong for the next ``times`` matching requests; ``lag`` delays look-ups from now on."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    kind: Literal[(*FAULTS, "lag")]  # type: ignore[valid-type]
    method: str = ""
    """Only requests of this method; empty: of any."""
    path_contains: str = ""
    times: Annotated[int, Field(ge=1)] = 1
    seconds: Seconds = 0.0
    """How long, for ``slow`` and ``lag``."""


class ProfileRequest(BaseModel):
    """Faults that come by chance from now on; the same seed and the same requests in order meet the same ones."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: Literal[tuple(PROFILES)] | None = None  # type: ignore[valid-type]
    """None: nothing goes wrong by chance."""
    seed: int = 0


class Advance(BaseModel):
    """How far the account's clock is moved on."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    seconds: Annotated[float, Field(ge=0, le=MOST_SECONDS)]


class RoleChoice(Role):
    """The role that the key's user is to have."""


class Rate(BaseModel):
    """The account's rate limit; what is not given stays as it is."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    size: Literal[tuple(CHOICES)] | None = None  # type: ignore[valid-type]
    bucket: Literal["leaky", "window"] | None = None
    foreign_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Share of the limit that other clients use up."""
    latency_seconds: Annotated[float, Field(ge=0, le=600)] | None = None
    """How long, by the account's clock, a request takes to come and go."""


def add(routes: APIRouter, account: Account) -> None:
    """Add what sets the scene of an account."""
    _add_faults(routes, account)
    _add_knobs(routes, account)
    _add_time(routes, account)
    _add_role(routes, account)


def _add_faults(routes: APIRouter, account: Account) -> None:
    @routes.get("/faults", summary="What is to go wrong")
    def faults() -> list[dict[str, Any]]:
        return [vars(fault) for fault in account.faults]

    @routes.post("/faults", summary="Let something go wrong")
    def add_faults(given: list[FaultRequest]) -> list[dict[str, Any]]:
        for one in given:
            if one.kind == "lag":
                account.knobs.lookup_lag_seconds = one.seconds
            else:
                account.faults.append(Fault(**one.model_dump()))
        return faults()

    @routes.delete("/faults", summary="Let nothing more go wrong", status_code=204)
    def clear_faults() -> None:
        account.faults.clear()
        account.knobs.lookup_lag_seconds = 0.0
        account.set_profile(None)

    @routes.get("/profile", summary="What goes wrong by chance, and how often it did")
    def profile() -> dict[str, Any]:
        weather = account.weather
        return {"chances": dict(weather.profile.chances), "drawn": dict(weather.drawn)} if weather else {}

    @routes.put("/profile", summary="Let things go wrong by chance", status_code=204)
    def set_profile(given: ProfileRequest) -> None:
        account.set_profile(given.name, given.seed)


def _add_knobs(routes: APIRouter, account: Account) -> None:
    @routes.get("/knobs", summary="What the account does where nobody knows what Gorgias does")
    def knobs() -> Knobs:
        return account.knobs

    @routes.put("/knobs", summary="Set all knobs; those that are not given are as at first")
    def set_knobs(given: Knobs) -> Knobs:
        account.knobs = given
        return account.knobs


def _add_time(routes: APIRouter, account: Account) -> None:
    @routes.get("/clock", summary="The account's moment, UTC")
    def clock() -> dict[str, str]:
        return {"now": account.now()}

    @routes.post("/clock", summary="Move the account's clock on")
    def advance(given: Advance) -> dict[str, str]:
        assert isinstance(account.clock, ScaledClock | ManualClock)  # there are no others
        account.clock.advance(given.seconds)
        return clock()

    @routes.get("/rate", summary="The rate limit, and the traffic of others")
    def rate() -> dict[str, Any]:
        limit = account.limit
        return {
            "size": limit.size, "bucket": "window" if limit.fixed_window else "leaky", "used": limit.used(),
            "limit": limit.limit, "window_seconds": limit.window, "foreign_share": limit.foreign_share,
            "foreign_calls": limit.foreign_calls, "latency_seconds": account.latency_seconds,
        }  # fmt: skip

    @routes.put("/rate", summary="Set the rate limit and the traffic of others; the bucket is empty then")
    def set_rate(given: Rate) -> dict[str, Any]:
        now = account.limit
        fixed = now.fixed_window if given.bucket is None else given.bucket == "window"
        foreign = now.foreign_share if given.foreign_share is None else given.foreign_share
        account.limit = RateLimit(
            account.clock, size=given.size or now.size, fixed_window=fixed, foreign_share=foreign
        )  # fmt: skip
        if given.latency_seconds is not None:
            account.latency_seconds = given.latency_seconds
        return rate()


def _add_role(routes: APIRouter, account: Account) -> None:
    @routes.get("/role", summary="The role that the key acts with")
    def role() -> dict[str, str]:
        with account.store.lock:
            return {"name": account.role()}

    @routes.put("/role", summary="Give the key's user another role")
    def set_role(given: RoleChoice) -> dict[str, str]:
        account.act_as(given.name)
        return role()
