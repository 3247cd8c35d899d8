"""What a probe is, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from migrator_lib.errors import RecordError, ReplyUnusable, TargetDenied, Unanswered
from migrator_lib.masking import mask_text

if TYPE_CHECKING:
    from migrator_lib.proofs.bench import Bench

Said = Literal["expected", "other", "not answered", "not asked"]
Measure = float | int | str | None


class Answer(BaseModel):
    """What an account answered, as the ledger keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: Said
    seen: str = ""
    """What was seen, or why there is no answer, in words."""
    value: Measure = None
    """What was measured, in the probe's own unit: seconds, bytes, a number of files, names."""
    at: str = ""
    """When, ISO 8601 UTC."""
    by: str = "a probe"
    """``a probe``, or ``target.proofs`` where a person answered in its place."""


class Probe(ABC):
    """One question to an account, asked by harmless requests about things that the probe makes itself.

    The class attributes are sentences that the runbook prints. ``run`` asks; ``follows`` is what the answer changes.
    """

    name: ClassVar[str]
    question: ClassVar[str]
    matters: ClassVar[str]
    """Why it matters, and the page of developers.gorgias.com that leaves it open."""
    does: ClassVar[str]
    """The requests."""
    expects: ClassVar[str]
    otherwise: ClassVar[str]
    """What follows from the other answer."""
    relied_on: ClassVar[bool] = True
    """Whether the loader relies on it: then it must be answered before the load."""
    closes: ClassVar[bool] = False
    """Whether the other answer closes the way: nothing in this tool could make up for it."""
    large: ClassVar[bool] = False
    """Whether it sends megabytes, so that it may be left out."""

    @abstractmethod
    def run(self, bench: Bench) -> Answer:
        """Ask.

        Raises:
            RecordError: the account refused what should have shown it.
            Unanswered: a request was cut off.
            HaltError: nothing can go on.
        """

    def not_asked(self, bench: Bench) -> str:
        """Return why this engagement need not ask it, or nothing."""
        return ""

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Return what of :class:`~migrator_lib.proofs.behaviour.Behaviour` the answer changes."""
        return {}

    def blocks(self, answer: Answer) -> bool:
        """Whether nothing may be loaded by this answer."""
        return self.closes and answer.answer == "other"

    def ask(self, bench: Bench) -> Answer:
        """Ask, and say why there is no answer where there is none.

        Raises:
            HaltError: nothing can go on.
        """
        reason = self.not_asked(bench)
        if reason:
            return Answer(answer="not asked", seen=reason)
        try:
            return self.run(bench)
        except (RecordError, ReplyUnusable, TargetDenied) as error:  # one question less, not the end of all
            return Answer(answer="not answered", seen=mask_text(error.message))
        except Unanswered as error:
            return Answer(answer="not answered", seen=f"{error.message}: ask again")


def answered(as_expected: bool, seen: str, value: Measure = None) -> Answer:
    """Return the answer of a probe that got one."""
    return Answer(answer="expected" if as_expected else "other", seen=seen, value=value)
