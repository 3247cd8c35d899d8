"""Everything that can go wrong, split by what the driver does about it.

::

    MigratorError
    ├── RecordError            quarantine this record with its reason; the run goes on
    │   ├── RecordRejected     Gorgias refused it: its own words, by path
    │   │   └── RecordMoved    a merged customer: the id of the one who has its place
    │   ├── NotUpdatable       what was loaded changed in a way that Gorgias lets nobody change
    │   ├── RecordUnanswered   Gorgias failed on it each time, while it answered other calls
    │   └── RecordUnusable     the source row cannot become a payload
    ├── Unanswered             a POST was sent and not answered: look it up before it is sent again
    ├── StopRequested          somebody asked the run to stop; it ends with exit code 5, and the next one goes on
    ├── GateClosed             a person or a check is awaited; the run ends with exit code 3
    └── HaltError              the run stops with exit code 1; nothing is lost, run it again
        ├── ParameterError     engagement.yaml or a parameter is wrong
        ├── OutOfTurn          a notebook was started before the one it needs
        ├── LeaseHeld          another process writes to this engagement
        ├── LedgerBroken       the ledger was changed outside this program
        ├── SourceError        SmarterTrack's side
        │   ├── SourceUnreachable
        │   ├── SourceDenied
        │   ├── SchemaMismatch a required table or column is missing
        │   ├── UnmappedCodes  codes that decide something, and that nobody gave a meaning
        │   └── FilesMissing   the files root is not there
        ├── TargetError        Gorgias' side
        │   ├── TargetUnreachable
        │   ├── TargetDenied
        │   ├── OutcomeUnknown a request may or may not have happened, and no look-up can tell
        │   └── ReplyUnusable  an answer lacks what the migration relies on
        ├── MailGuardError     a request that could send mail was about to leave; it did not
        ├── StorageError       the disk of this machine
        │   └── LedgerUnreachable  the ledger's database server
        ├── AccountsError      the numbers do not add up to the source
        ├── LoadDiffers        what was loaded so far is not as it was sent; exit code 4
        ├── ExpectationsFailed staged or loaded data is not as this program guarantees
        ├── BrowserMissing     pages are to be printed, and there is no Chromium
        ├── PrintingFailed     Chromium could not print a page
        └── SecretFound        a report would have shown a secret
            └── PersonalDataFound  what is shared would have shown a requester, or a message's text

Every message ends with what to do next, but for what the run itself deals with (``RecordError``, ``Unanswered``).
A notebook raises these in its own process; the driver knows them
again by the name of the class (:func:`exit_code_for`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    GATE = 3
    EXCEPTIONS = 4
    STOPPED = 5


STATUS = {ExitCode.GATE: "waiting", ExitCode.STOPPED: "stopped"}
"""Exit code to what the ledger says of a step that ended so; ``failed``, where it is neither."""


class MigratorError(Exception):
    """The root: a sentence for people, and the next thing to do."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, next_step: str = "") -> None:
        self.message = message
        self.next_step = next_step
        super().__init__(f"{message}\nNext: {next_step}" if next_step else message)


class RecordError(MigratorError):
    """One record cannot go on; it is quarantined, and the run goes on."""


class RecordRejected(RecordError):
    """Gorgias answered with a permanent error (400, 404, 409, 413)."""

    def __init__(self, message: str, *, status: int, data: Any = None, next_step: str = "") -> None:
        self.status = status
        self.data = data
        """Path in the body (``messages.0.sender``) to the server's words about it, where it says any."""
        super().__init__(message, next_step=next_step)


class RecordMoved(RecordRejected):
    """Gorgias answered with 301: this customer was merged with another one (developers.gorgias.com, get-customer)."""

    def __init__(self, message: str, *, status: int, new_id: int | None, data: Any = None, next_step: str = "") -> None:
        self.new_id = new_id
        """The other one's id, where the answer tells it."""
        super().__init__(message, status=status, data=data, next_step=next_step)


class RecordUnanswered(RecordError):
    """Gorgias failed on it each time it was sent, while it answered other calls; nobody knows whether it is there."""


class RecordUnusable(RecordError):
    """The source row cannot become a payload."""


class NotUpdatable(RecordError):
    """What was loaded has changed since in a way that Gorgias lets nobody change."""


class Unanswered(MigratorError):
    """A POST was sent and its outcome is not known; never sent again before a look-up."""


class GateClosed(MigratorError):
    """A gate is not met; a person or a check is awaited."""

    exit_code = ExitCode.GATE

    def __init__(self, message: str, *, gate: str = "", next_step: str = "") -> None:
        self.gate = gate
        super().__init__(message, next_step=next_step)


class StopRequested(MigratorError):
    """The run was asked to stop, by the file ``STOP``, a signal or a command. Everything on its way has ended."""

    exit_code = ExitCode.STOPPED


class HaltError(MigratorError):
    """The run cannot go on; nothing is lost."""


class ParameterError(HaltError):
    """A parameter is unknown, missing or wrong."""


class OutOfTurn(HaltError):
    """A notebook was started before the one whose results it needs."""


class LeaseHeld(HaltError):
    """Another process holds the engagement's lease."""


class LedgerBroken(HaltError):
    """The ledger was changed outside this program, or is no ledger of this version."""


class SourceError(HaltError):
    """SmarterTrack's side."""


class SourceUnreachable(SourceError):
    """The database cannot be reached, or went away."""


class SourceDenied(SourceError):
    """The login is wrong, or may not read a table."""


class SchemaMismatch(SourceError):
    """Tables or columns that the migration needs are missing."""


class UnmappedCodes(SourceError):
    """Codes that decide something have no meaning: nobody mapped them."""

    def __init__(self, message: str, *, codes: Sequence[tuple[str, str, str]] = (), next_step: str = "") -> None:
        self.codes = tuple(codes)
        """Of each that can be answered: its section of mapping.yaml, its key there, and what it is, in words."""
        super().__init__(message, next_step=next_step)


class FilesMissing(SourceError):
    """The files root is not there."""


class TargetError(HaltError):
    """Gorgias' side."""


class TargetUnreachable(TargetError):
    """Gorgias cannot be reached, or keeps failing."""


class TargetDenied(TargetError):
    """The API key or the app's tokens are wrong, or their user is no admin.

    403 tells of the role of the key's user (developers.gorgias.com, errors), so every record would fare alike.
    """


class OutcomeUnknown(TargetError):
    """A write may or may not have happened, and no look-up can tell."""


class ReplyUnusable(TargetError):
    """What Gorgias answered lacks what the migration relies on, such as an id."""


class MailGuardError(HaltError):
    """A request that could send mail was about to leave. It did not."""


class StorageError(HaltError):
    """This machine's disk is full or cannot be written."""


class LedgerUnreachable(StorageError):
    """The server that the ledger is on cannot be reached, or went away."""


class AccountsError(HaltError):
    """The outcomes do not add up to the source."""


class LoadDiffers(HaltError):
    """Too much of what was loaded so far is not as it was sent: the load does not go on."""

    exit_code = ExitCode.EXCEPTIONS


class ExpectationsFailed(HaltError):
    """Staged data, or what was read back, is not as this program guarantees; or that could not be checked."""


class BrowserMissing(HaltError):
    """Pages are to be printed, and there is no Chromium to print them."""


class PrintingFailed(HaltError):
    """Chromium could not print a page."""


class SecretFound(HaltError):
    """A report would have shown a secret."""


class PersonalDataFound(SecretFound):
    """What is made to be shared would have shown a requester, or a message's text."""


def _all_subclasses(cls: type[MigratorError]) -> dict[str, type[MigratorError]]:
    found = {cls.__name__: cls}
    for sub in cls.__subclasses__():
        found |= _all_subclasses(sub)
    return found


def is_ours(class_name: str) -> bool:
    """Return whether an error known only by its class name is one of these, and so says what to do next."""
    return class_name in _all_subclasses(MigratorError)


def exit_code_for(class_name: str) -> ExitCode:
    """Return the exit code of an error known only by its class name, as a notebook reports it."""
    cls = _all_subclasses(MigratorError).get(class_name)
    return cls.exit_code if cls else ExitCode.FAILED
