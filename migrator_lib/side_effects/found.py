"""What is on in an account, by kind, and what no API can switch off, for a person to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.side_effects.effect import ACTING_SETTINGS, Effect, Kind, effect_of, has_true

NOT_BY_API = (
    "AI Agent, and Flows and other automation of chat and help center",
    "e-mail history imports of Gmail and Microsoft 365 integrations, which would bring the same tickets a second time",
    "agents' own notifications, and those of the mobile app",
    "apps and automations of other vendors that read this account",
)
"""What acts and has no endpoint (docs.gorgias.com; the list of endpoints in developers.gorgias.com)."""
INVITATIONS = "new users are created (agents.missing is 'create'), and Gorgias may invite each by e-mail"
QUIET_SETTINGS = ("business-hours", "views-ordering", "access", "limits", "default-integration", "default-views")
"""Types of settings that do not act."""
TELLING = ("enable", "active", "auto", "send", "notify")
"""Parts of names of flags that tell of something that acts."""


@dataclass(frozen=True)
class Found:
    """What an account does by itself."""

    effects: tuple[Effect, ...]
    """What is on, and can be switched off by API."""
    by_hand: tuple[str, ...]
    """What only a person can look at, in words."""


def look(api: GorgiasApi, *, invites: bool = False) -> Found:
    """Return what is on in an account.

    Args:
        api: the account.
        invites: whether this engagement creates users.

    Raises:
        TargetError: the account cannot be read.
    """
    integrations = [thing for thing in everything(api, "integrations") if thing.is_on]
    settings = [thing for thing in everything(api, "settings") if thing.is_on]
    http = [one for one in integrations if one.state.get("type") == "http"]
    effects = [
        *(rule for rule in everything(api, "rules") if rule.is_on),
        *http,
        *(setting for setting in settings if setting.name in ACTING_SETTINGS),
    ]
    others = sorted(f"auto-replies of the {one.state.get('type')} integration '{one.name}'"
                    for one in integrations if one not in http)  # fmt: skip
    unknown = sorted(f"the setting '{setting.name}', which is not known here and looks switched on"
                     for setting in settings if _looks_on(setting))  # fmt: skip
    return Found(tuple(effects), (*NOT_BY_API, *([INVITATIONS] if invites else []), *others, *unknown))


def everything(api: GorgiasApi, kind: Kind) -> list[Effect]:
    """Return all things of a kind, on or off."""
    listings: Mapping[Kind, Callable[[], Iterable[Thing]]] = {
        "rules": api.rules.every, "integrations": api.integrations.every, "settings": api.account.settings,
    }  # fmt: skip
    try:
        return [effect_of(kind, thing.as_json()) for thing in listings[kind]()]
    except RecordRejected as error:
        if error.status == 404:
            return []  # the plan of this account does not have it
        raise


def _looks_on(setting: Effect) -> bool:
    """Whether a flag is on in a setting that nobody here knows, and its name tells of something that acts."""
    return setting.name not in (*ACTING_SETTINGS, *QUIET_SETTINGS) and _telling(setting.state.get("data"))


def _telling(data: object) -> bool:
    if isinstance(data, Mapping):
        return any(
            _telling(value) or (has_true(value) and any(part in str(key).lower() for part in TELLING))
            for key, value in data.items()
        )
    return isinstance(data, list) and any(_telling(value) for value in data)
