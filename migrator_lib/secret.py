"""References to secrets: ``env:NAME`` or ``keyring:service/user``, resolved only where the secret is used."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from migrator_lib.errors import ParameterError


def _is_reference(value: str) -> str:
    kind, _, rest = value.partition(":")
    if kind not in ("env", "keyring") or not rest or (kind == "keyring" and "/" not in rest):
        raise ValueError(
            "a secret is given by reference: 'env:NAME' reads an environment variable, "
            "'keyring:service/user' reads the system's keyring; never write the secret itself here"
        )
    return value


SecretReference = Annotated[str, AfterValidator(_is_reference)]


def resolve_secret(reference: str) -> str:
    """Return the secret that ``reference`` points to.

    Raises:
        ParameterError: the variable or the keyring's entry is not there.
    """
    kind, _, rest = reference.partition(":")
    if kind == "env":
        value = os.environ.get(rest, "")
        mend = f"export {rest}=... in the terminal that starts the run or JupyterLab, and start it from there again."
    else:
        service, _, user = rest.partition("/")
        value = _from_keyring(reference, service, user)
        mend = f"run 'keyring set {service} {user}', and run again."
    if not value:
        raise ParameterError(f"The secret {reference} is empty or not set.", next_step=mend)
    return value


def store_secret(reference: str, value: str) -> bool:
    """Put a new value in the place of a secret; return False where its reference names no place that lasts."""
    kind, _, rest = reference.partition(":")
    if kind != "keyring":
        return False
    import keyring  # slow to import, and a secret of the environment needs none
    from keyring.errors import KeyringError

    service, _, user = rest.partition("/")
    try:
        keyring.set_password(service, user, value)
    except KeyringError:
        return False
    return True


Option = bool | int | str
SECRET_OPTION = re.compile(r"key|secret|pass|pwd|token|credential|sas|connection_string", re.IGNORECASE)
PASSWORD_IN_URL = re.compile(r"://[^/?#@]*:[^/?#@]+@")
NO_SECRET = re.compile(r"key_?file|key_?path|key_?id", re.IGNORECASE)


def _keeps_secrets_out(options: dict[str, Option]) -> dict[str, Option]:
    """Refuse a secret among a driver's options that is written out."""
    for name, value in options.items():
        if PASSWORD_IN_URL.search(str(value)):
            raise ValueError(f"'{name}' is a URL that holds a password; give the whole URL by reference ('env:NAME')")
        if SECRET_OPTION.search(name) and not NO_SECRET.search(name) and not isinstance(value, bool):
            try:
                _is_reference(str(value))
            except ValueError as error:
                raise ValueError(f"'{name}' may be a secret, and {error}") from None
    return options


DriverOptions = Annotated[dict[str, Option], AfterValidator(_keeps_secrets_out)]
"""Options of a driver; a value may be a reference, and one that may be a secret must be."""


def resolve_options(options: Mapping[str, Option]) -> dict[str, Option]:
    """Return a driver's options with what its references point to.

    Raises:
        ParameterError: a variable or a keyring's entry is not there.
    """
    return {
        name: resolve_secret(value) if isinstance(value, str) and value.startswith(("env:", "keyring:")) else value
        for name, value in options.items()
    }


def _from_keyring(reference: str, service: str, user: str) -> str:
    import keyring  # slow to import, and a secret of the environment needs none
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(service, user) or ""
    except KeyringError as error:
        raise ParameterError(
            f"The system's keyring, which {reference} asks for, cannot be read: {error}.",
            next_step="unlock it, or give the secret by environment variable ('env:NAME') where there is no keyring.",
        ) from error
