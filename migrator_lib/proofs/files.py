"""Uploads and attachments. What is uploaded here stays, as nothing refers to it: Gorgias deletes no files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.proofs.bench import BODY, Bench, Refusal
from migrator_lib.proofs.probe import Answer, Probe, answered

SMALLEST = 2_500_000
COUNTS = (10, 5, 1)
FOREIGN = "https://files.st-migration.example/synthetic.txt"
CALL_SIZES = (8_000_000, 2_000_000, 500_000)


def _attachment(name: str, url: str) -> Json:
    return {"name": name, "url": url, "content_type": "text/plain", "size": 9}


class UploadLabel(Probe):
    """What a file is called."""

    name = "upload_label"
    question = "Is an uploaded file called as its form field is?"
    matters = "upload-files says that the field's name is the label, which surprises everybody."
    does = "POST a file whose field has its name."
    expects = "The reply has that name."
    otherwise = "Nothing: each message names its attachments itself."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        name = str(bench.upload("synthetic label.txt").get("name"))
        return answered(name == "synthetic label.txt", "by its field" if name.startswith("synthetic") else "otherwise")


class UploadSizeIsNumber(Probe):
    """The size in a reply."""

    name = "upload_size_is_number"
    question = "Is an uploaded file's size answered as a number?"
    matters = "Examples show it as text (the-file-object), the schema as a number. CONFLICT."
    does = "POST a file."
    expects = "A number."
    otherwise = "Nothing: both are read."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        size = bench.upload("synthetic.txt").get("size")
        return answered(isinstance(size, int), f"a {'number' if isinstance(size, int) else type(size).__name__}")


class UploadLimit(Probe):
    """How large a file may be."""

    name = "upload_limit"
    question = "Is a file of target.upload_limit_bytes taken?"
    matters = "A larger one is answered with 413, at a size that is not documented (upload-files). UNVERIFIED."
    does = "POST files of 2.5 MB, 5 MB and so on up to the configured size, never beyond."
    expects = "All are taken. Value: the largest size that was, in bytes."
    otherwise = "Larger files are quarantined and listed in 04, before anything is loaded."
    large = True

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        taken, limit = 0, bench.settings.upload_limit_bytes
        for size in _doubling(limit):
            bench.wait(0)
            sent = bench.attempt(lambda size=size: bench.upload(f"synthetic-{size}.txt", bytes(size)))  # type: ignore[misc]
            if isinstance(sent, Refusal):
                return answered(False, f"{size:,} bytes were refused ({sent.status})", taken or None)
            taken = size
        return answered(True, f"{taken:,} bytes were taken", taken)

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Send nothing larger."""
        size = answer.value
        return {"upload_limit_bytes": int(size)} if answer.answer == "other" and isinstance(size, int | float) else {}

    def blocks(self, answer: Answer) -> bool:
        """Where even the smallest is refused, no attachment would go up."""
        return answer.answer == "other" and not answer.value


def _doubling(limit: int) -> Iterator[int]:
    size = SMALLEST
    while size < limit:
        yield size
        size *= 2
    yield limit


class ForeignUrls(Probe):
    """An attachment that lies elsewhere."""

    name = "foreign_urls"
    question = "Is an attachment with the URL of another server kept as it is (hot-linked)?"
    matters = "create-ticket-message does not say whether such files are copied. UNVERIFIED."
    does = "POST a ticket whose message has an attachment at a reserved address; GET its messages."
    expects = "Hot-linked: files are uploaded, since those of SmarterTrack will be gone."
    otherwise = "Nothing: files are uploaded either way. Value: hot-linked, copied or refused."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        message = bench.incoming("foreign-message", attachments=[_attachment("synthetic.txt", FOREIGN)])
        made = bench.attempt(lambda: bench.ticket("foreign", message))
        if isinstance(made, Refusal):
            return answered(False, "refused", "refused")
        attached = bench.first_message(made.id).attachments or []
        what = "hot-linked" if any(one.url == FOREIGN for one in attached) else "copied" if attached else "left out"
        return answered(what == "hot-linked", what, what)


class AttachmentsPerMessage(Probe):
    """Many files on one message."""

    name = "attachments_per_message"
    question = f"May a message have {COUNTS[0]} attachments?"
    matters = "The number is not documented (create-ticket-message). UNVERIFIED."
    does = f"POST a file, and a ticket whose message has it {COUNTS[0]} times; where refused, fewer; GET its messages."
    expects = f"{COUNTS[0]} are there. Value: the largest number that was."
    otherwise = "Further attachments of a message go on internal notes right behind it."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        url = str(bench.upload("synthetic.txt").get("url"))
        for count in COUNTS:
            files = [_attachment(f"synthetic-{n}.txt", url) for n in range(count)]
            message = bench.incoming(f"files-{count}", attachments=files)
            made = bench.attempt(lambda m=message, n=count: bench.ticket(f"files-{n}", m))  # type: ignore[misc]
            if not isinstance(made, Refusal) and len(bench.first_message(made.id).attachments or []) == count:
                return answered(count == COUNTS[0], f"{count} are there", count)
        return answered(False, "not even one is there")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Split them."""
        count = answer.value
        return {"attachments_per_message": int(count)} if answer.answer == "other" and isinstance(count, int) else {}

    def blocks(self, answer: Answer) -> bool:
        """Without any, attachments would be lost."""
        return answer.answer == "other" and not answer.value


class CallSize(Probe):
    """A large ticket."""

    name = "call_size"
    question = f"Does one POST /tickets take {CALL_SIZES[0]:,} bytes of messages?"
    matters = "Long threads go in one call; no limit of a body is documented (create-ticket). UNVERIFIED."
    does = "POST a ticket of that size; where refused, smaller ones; GET its messages."
    expects = "Taken, and whole. Value: the largest size that was, in bytes."
    otherwise = "No more than that goes in one call; the other messages follow one by one."
    large = True

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        for size in CALL_SIZES:
            body = (BODY + "\n") * (size // 8 // (len(BODY) + 1))
            thread = [bench.incoming(f"size-{size}-{n}", body_text=body) for n in range(8)]
            made = bench.attempt(lambda s=size, t=thread: bench.ticket(f"size-{s}", *t))  # type: ignore[misc]
            if not isinstance(made, Refusal):
                return answered(size == CALL_SIZES[0], f"{size:,} bytes were taken", size)
        return answered(False, "none was taken")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Send smaller ones."""
        size = answer.value
        return {"call_bytes": int(size)} if answer.answer == "other" and isinstance(size, int | float) else {}

    def blocks(self, answer: Answer) -> bool:
        """Where not even the smallest is taken, something else is wrong."""
        return answer.answer == "other" and not answer.value
