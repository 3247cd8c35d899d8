"""Reading a file back to its SHA-256: streamed, kept nowhere, and only from where the account's own files are.

A private file's address is answered with 307 to a signed one elsewhere, which ends with its time
(developers.gorgias.com, download-file). That one is asked for without our signature, and never unencrypted. Whether
an account's files have addresses on other hosts is unverified: those are named in ``reconcile.file_hosts``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests

from migrator_lib.errors import RecordRejected, RecordUnusable
from migrator_lib.gorgias import retry
from migrator_lib.parameters import LOOPBACK

BLOCK = 1 << 20
REDIRECTS = (301, 302, 303, 307, 308)
HOPS = 3
"""Addresses, one leading to the next, that are followed."""


@dataclass(frozen=True)
class Content:
    """What a file holds."""

    size: int
    """Bytes; of what is larger than was asked for, those that were read."""
    sha256: str | None
    """None where it is larger."""


def is_ours(url: str, base_url: str) -> bool:
    """Whether an address is one of the account's API, to which requests are signed."""
    parts, base = urlsplit(url), urlsplit(base_url)
    return (parts.scheme, parts.netloc) == (base.scheme, base.netloc) and parts.path.startswith(f"{base.path}/api/")


def is_encrypted(url: str, base_url: str) -> bool:
    """Whether nobody can read on the way to an address; a simulated account and its storage are this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.hostname in LOOPBACK and urlsplit(base_url).hostname in LOOPBACK)


def require_known(url: str, base_url: str, hosts: Collection[str]) -> None:
    """Pass an address from which a file may be read.

    Raises:
        RecordUnusable: it is none of the account's, nor of a host that is named.
    """
    host = urlsplit(url).hostname or ""
    if is_ours(url, base_url) or (host in hosts and is_encrypted(url, base_url)):
        return
    raise RecordUnusable(
        f"its file is at {host or 'an address without a host'}, which is none of the account's",
        next_step="where Gorgias itself keeps files there, name that host in reconcile.file_hosts.",
    )


def leads_to(reply: requests.Response, base_url: str) -> str | None:
    """Return where a reply leads on, or None where it leads nowhere.

    Raises:
        RecordUnusable: it leads to where everybody could read on the way.
    """
    if reply.status_code not in REDIRECTS or "Location" not in reply.headers:
        return None
    there = urljoin(str(reply.url), reply.headers["Location"])
    if not is_encrypted(there, base_url):
        reply.close()
        raise RecordUnusable(
            f"its file leads to {urlsplit(there).hostname} unencrypted, and is not read there",
            next_step="ask Gorgias' support.",
        )
    return there


def require_content(reply: requests.Response) -> None:
    """Pass a reply that holds a file.

    Raises:
        RecordRejected: the storage refused it, or led on and on; that tells nothing of our key, which it does not know.
    """
    if reply.status_code != 200:
        raise RecordRejected(
            f"its file was answered with {reply.status_code} by {urlsplit(str(reply.url)).hostname}, where it lies",
            status=reply.status_code,
            next_step="run again; a signed address holds for some time only.",
        )


def content_of(reply: requests.Response, most_bytes: int) -> Content:
    """Read a reply's body to its digest, in constant memory.

    Args:
        reply: whose body was not read yet.
        most_bytes: beyond which nothing is read: it is another file then, whatever follows.

    Raises:
        Fault: it breaks off.
    """
    digest, size = hashlib.sha256(), 0
    try:
        for piece in reply.iter_content(BLOCK):
            size += len(piece)
            if size > most_bytes:
                return Content(size, None)
            digest.update(piece)
    except requests.exceptions.RequestException as error:
        raise retry.fault_of(error) from None
    return Content(size, digest.hexdigest())
