"""Whether the Help Center's API is there, and does what the migration needs: asked without changing anything.

Nothing of it is documented, so all of it is asked for each time before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from migrator_lib.errors import RecordRejected, ReplyUnusable, TargetDenied, Unanswered
from migrator_lib.gorgias.help_center.contract import WRITABLE_TYPES
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.token import USE_PACKAGE

REFUSED_AS_EMPTY = (400, 422)
"""How an empty body is refused where a full one would be taken."""


@dataclass(frozen=True)
class Finding:
    """What one question of the probe was answered with."""

    name: str
    ok: bool
    words: str
    needed: bool = True


def probe(api: Endpoints) -> list[Finding]:
    """Ask everything, each question where those before it were answered well.

    Raises:
        TargetUnreachable: the service keeps failing.
    """
    found = [_asked("token and help centers", lambda: _center(api))]
    if found[0].ok:
        found.append(_asked("categories", lambda: f"{sum(1 for _ in api.rows('categories'))} are there"))
        found.append(_asked("articles", lambda: f"{sum(1 for _ in api.rows('articles'))} are there"))
        found.append(_asked("translations", lambda: _translations(api)))
        found += [_asked(f"new {kind}", lambda kind=kind: _writable(api, kind)) for kind in ("categories", "articles")]  # type: ignore[misc]
        found.append(_asked("redirects", lambda: _writable(api, "redirects"), needed=False))
    return found


def require(findings: list[Finding]) -> None:
    """Pass if everything that is needed was found.

    Raises:
        TargetDenied: naming what was not.
    """
    missing = [f"{one.name} ({one.words})" for one in findings if one.needed and not one.ok]
    if missing:
        raise TargetDenied(
            f"The Help Center's undocumented API does not do what the migration needs: {'; '.join(missing)}. "
            "Nothing was written.",
            next_step=USE_PACKAGE,
        )


class _Unfit(Exception):
    """It was answered, and not well."""


def _asked(name: str, ask: Callable[[], str], *, needed: bool = True) -> Finding:
    try:
        return Finding(name, True, ask(), needed)
    except (_Unfit, TargetDenied, ReplyUnusable, Unanswered) as error:
        return Finding(name, False, str(getattr(error, "message", error)), needed)
    except RecordRejected as error:
        return Finding(name, False, f"status {error.status}", needed)


def _center(api: Endpoints) -> str:
    types = {center.id: center.type for center in api.centers()}
    known = ", ".join(f"{one} ({kind})" for one, kind in sorted(types.items())) or "none"
    if api.center not in types:
        raise _Unfit(f"there is no help center {api.center}; there are: {known}")
    if types[api.center] not in WRITABLE_TYPES:
        raise _Unfit(f"help center {api.center} is one of type {types[api.center]}, which feeds the AI Agent")
    return f"help center {api.center} is there"


def _translations(api: Endpoints) -> str:
    first = next(api.rows("articles"), None)
    if first is None:
        return "there is no article to look at"
    api.translations("articles", first.id)
    return f"those of article {first.id} are listed"


def _writable(api: Endpoints, kind: str) -> str:
    try:
        api.try_empty(kind)
    except RecordRejected as error:
        if error.status in REFUSED_AS_EMPTY:
            return "an empty one was refused for what it lacks"
        raise
    raise _Unfit("an empty one was taken: look at the help center, and remove it")
