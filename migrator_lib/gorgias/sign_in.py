"""From an engagement's parameters to a way of signing requests; the only place where these secrets are resolved."""

from __future__ import annotations

from requests.auth import AuthBase

from migrator_lib.clock import Clock
from migrator_lib.gorgias.auth import TOKEN_PATH, OAuth2, api_key
from migrator_lib.parameters import Account, OAuth
from migrator_lib.secret import resolve_secret, store_secret


def signing(account: Account, url: str, clock: Clock) -> AuthBase:
    """Return how requests to an account are signed.

    Args:
        account: its parameters.
        url: its address, which may be a simulated one's.
        clock: what a token's life is measured on.

    Raises:
        ParameterError: a secret is not there.
    """
    if account.oauth:
        return _app(account.oauth, url, clock)
    assert account.api_key is not None
    return api_key(account.email, resolve_secret(account.api_key))


def _app(oauth: OAuth, url: str, clock: Clock) -> OAuth2:
    def keep(refresh_token: str) -> str:
        if store_secret(oauth.refresh_token, refresh_token):
            return ""
        return (
            f"Gorgias gave this app a new refresh token, and {oauth.refresh_token} is no place where it could be "
            "kept: let an admin of the account authorize the app anew, put the token into the system's keyring, and "
            "give 'refresh_token: keyring:service/user' in engagement.yaml."
        )

    return OAuth2(
        oauth.token_url or url.rstrip("/") + TOKEN_PATH,
        client_id=oauth.client_id,
        client_secret=resolve_secret(oauth.client_secret),
        refresh_token=resolve_secret(oauth.refresh_token),
        clock=clock,
        keep=keep,
    )
