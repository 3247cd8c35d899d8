"""What a simulated account holds at first, as a seed file says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from migrator_lib.errors import ParameterError
from migrator_lib.simulators.gorgias.knobs import Knobs

Things = list[dict[str, Any]]
EXAMPLE = "parameters/demo/gorgias.json is an example of one."


class Credentials(BaseModel):
    """The API key that the account knows, and whose role it acts with."""

    model_config = ConfigDict(extra="forbid")

    email: str
    api_key: str = "demo-key"
    api_key_env: str = ""
    """Name of an environment variable that holds the key; without a value there, ``api_key`` is it."""
    oauth: dict[str, Any] | None = None
    """The app that may sign in by OAuth2; see ``tokens.App``."""


class HelpCenter(BaseModel):
    """One help center of the account."""

    model_config = ConfigDict(extra="forbid")

    name: str
    type: Literal["faq", "guidance", "snippet"]
    default_locale: str


class Seed(BaseModel):
    """A seed file: everything is optional. Things are written as bodies of the API's POST requests."""

    model_config = ConfigDict(extra="forbid")

    credentials: Credentials | None = None
    users: Things = []
    """``email``, ``name`` and ``role``, the name of one."""
    teams: Things = []
    """``name`` and ``members``, by e-mail address."""
    tags: Things = []
    custom_fields: Things = []
    customers: Things = []
    tickets: Things = []
    rules: Things = []
    integrations: Things = []
    settings: Things = []
    macros: Things = []
    views: Things = []
    help_centers: list[HelpCenter] = []
    """Empty: one of each type."""
    knobs: Knobs = Field(default=Knobs(), description="See knobs.Knobs.")
    profile: str | None = Field(default=None, description="Of what goes wrong: see faults.PROFILES.")
    fault_seed: int = 0


def read_seed(file: Path | None) -> dict[str, Any] | None:
    """Return a seed file's content.

    Raises:
        ParameterError: it cannot be read, or says something that no account can hold.
    """
    if file is None:
        return None
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        Seed.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its top"
        raise ParameterError(
            f"The seed file {file} has a mistake at {where}: {first['msg']}.", next_step=EXAMPLE
        ) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"it is not JSON: {error}"
        raise ParameterError(f"The seed file {file} cannot be read: {why}.", next_step=EXAMPLE) from error
    return dict(given)
