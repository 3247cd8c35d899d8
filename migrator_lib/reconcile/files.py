"""Attachments compared by what they hold, with what the source says of them: digest, size, name and type.

The source's digest was noted when its file was indexed; the ledger's, when it was sent; Gorgias' is that of the last
download (:mod:`migrator_lib.reconcile.contents`). A file that was not downloaded yet counts as what was sent to the
address that its message holds: so files that changed places are found without a download.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.help_center.articles import Media, read_media
from migrator_lib.ledger.sent_files import digest_of
from migrator_lib.objects import ATTACHMENT
from migrator_lib.reconcile.contents import Behind, Contents
from migrator_lib.reconcile.differences import compare
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.reconcile.result import Finding, Reconciliation
from migrator_lib.reconcile.witness import Witness
from migrator_lib.smartertrack.matching import Files, Row

NOT_ON_ITS_MESSAGE = "not on its message"
NOT_THERE = "its message has it, and Gorgias does not have its file: 404"


@dataclass(frozen=True)
class Sent:
    """The uploaded files of a batch of tickets."""

    keys: Mapping[str, str]
    """URL to source key of the attachment."""
    rows: Mapping[str, Row]
    """Source key to row of the attachment."""


class FileComparer:
    """Compares the attachments of messages."""

    def __init__(
        self, contents: Contents, read: ReadBack, files: Files, witness: Witness, result: Reconciliation
    ) -> None:
        self._contents = contents
        self._read = read
        self._files = files
        self._witness = witness
        self._result = result

    def compare(self, expected: Json, actual: Json | None, sent: Sent) -> None:
        """Compare the uploaded files of one message, and count each.

        Args:
            expected: the message of the payload, resolved.
            actual: the message that was read back; None where it is not there.
            sent: the files of its tickets.
        """
        there: Sequence[Json] = (actual or {}).get("attachments") or ()
        wanted = [file for file in expected.get("attachments") or () if file.get("url") in sent.keys]
        urls = {file["url"] for file in wanted}
        for file in wanted:
            key = sent.keys[file["url"]]
            self._one(key, sent.rows[key], file, _meant(file, there, urls), str(expected.get("external_id")))

    def gone(self, expected: Json, sent: Sent) -> None:
        """Tell the witness of the files of a message whose ticket is not there; they are counted with the ticket."""
        for file in expected.get("attachments") or ():
            key = sent.keys.get(file.get("url"))
            if key is not None:
                self._witness.saw(ATTACHMENT.name, key, self._wanted(sent.rows[key], file), None)

    def _one(self, key: str, row: Row, file: Json, there: Json | None, message: str) -> None:
        behind = self._contents.of(str(there["url"])) if there is not None else None
        elsewhere = self._elsewhere(file["url"], message)
        held = there is not None and there["url"] == file["url"]
        words = f"{'also' if held else 'its own file is'} on {elsewhere}" if elsewhere else ""
        if not held and (behind is None or behind.sha256 is None):
            there = None  # under its name, and nobody knows what that is
        meant, found = self._sides(row, file, there or {}, behind)
        if there is None or (behind is not None and not behind.is_there):
            self._witness.saw(ATTACHMENT.name, key, meant, None)
            where = f"{NOT_ON_ITS_MESSAGE}, but on {elsewhere}" if elsewhere else NOT_ON_ITS_MESSAGE
            self._result.add(Finding(ATTACHMENT.name, key, "missing", words=where if there is None else NOT_THERE))
            return
        self._witness.saw(ATTACHMENT.name, key, meant, found)
        differences = tuple(compare(meant, found))
        if differences or words:
            self._result.add(Finding(ATTACHMENT.name, key, "mismatched", differences, words=words))
        else:
            self._result.count(ATTACHMENT.name, "validated")

    def _elsewhere(self, url: str, message: str) -> str:
        """Return which other messages of ours hold an address, in words; agents' own messages may quote a file."""
        others = sorted(name for name in self._read.holders(url) if name != message)
        return ", ".join(" ".join(name.split(":")[-2:]) for name in others)

    def _wanted(self, row: Row, file: Json) -> Json:
        """Return a file as the source has it."""
        source = self._files.match(row)
        size = source.size if source.state == "matched" else file.get("size")
        return {"sha256": source.sha256, "size": size, "name": file.get("name"), "content_type": _type(file)}

    def _sides(self, row: Row, file: Json, there: Json, behind: Behind | None) -> tuple[Json, Json]:
        """Return both sides, canonical: what nobody can tell is on neither."""
        meant = self._wanted(row, file)
        given, told, size = file.get("size"), there.get("size"), meant["size"]
        held = behind.size if behind is not None and behind.size is not None else size
        found = {
            "sha256": behind.sha256 if behind is not None else None,
            "size": told if told is not None and told != given else held,
            "name": there.get("name"), "content_type": _type(there) or _type(file),
        }  # fmt: skip
        if meant["sha256"] is None or (found["sha256"] is None and held == size):
            self._result.untold += 1
            return {**meant, "sha256": None}, {**found, "sha256": None}
        return meant, found


def _meant(file: Json, there: Sequence[Json], urls: set[str]) -> Json | None:
    """Return the file of a message that is meant: by its address, else by its name, if it is no other's of it."""
    for one in there:
        if one.get("url") == file["url"]:
            return one
    others = (one for one in there if one.get("url") and one["url"] not in urls)
    return next((one for one in others if one.get("name") == file.get("name")), None)


def _type(file: Json) -> str:
    """Return a media type without its parameters."""
    return str(file.get("content_type") or "").partition(";")[0].strip().lower()


def of_article(contents: Contents | None, url: str | None, media: Media) -> tuple[Json, Json | None]:
    """Return what an article's picture should hold by the source's file, and what is behind its address.

    Args:
        contents: of the account; None where nothing is known of it.
        url: where the picture is; None where it was not sent by its address, as in a package.
        media: the source's file; where nobody can read it, both sides are empty.

    Returns:
        ``sha256`` and ``size`` of both sides; the other side is None where Gorgias has the file no more. What is not
        known of it is as it should be.
    """
    content = read_media(media)
    meant = digest_of(content) if content is not None else {}
    behind = contents.of(url) if contents is not None and url is not None else None
    if behind is None or not meant:
        return meant, meant
    if not behind.is_there:
        return meant, None
    same = behind.sha256 is None and behind.size in (None, meant["size"])
    return meant, meant if same else {"sha256": behind.sha256, "size": behind.size}
