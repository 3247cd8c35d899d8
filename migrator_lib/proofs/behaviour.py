"""What the loader, the uploads and the reconciliation do where it depends on how Gorgias answers.

The defaults are what the documentation leads to expect. A probe's answer changes what hangs on it
(:meth:`migrator_lib.proofs.probe.Probe.follows`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Behaviour(BaseModel):
    """How this tool behaves towards one account. Never changed after it was derived."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lookup_lag_seconds: Annotated[float, Field(ge=0)] = 10.0
    """How long a look-up by external id is repeated before what it does not find is taken for not there."""
    upload_limit_bytes: Annotated[int, Field(ge=1)] = 20_000_000
    """Largest attachment that goes up; larger ones are quarantined and listed."""
    call_bytes: Annotated[int, Field(ge=1)] | None = None
    """Size of the messages that go with a ticket in one call, the others follow one by one; None: as is assumed."""
    attachments_per_message: Annotated[int, Field(ge=1)] | None = None
    """More attachments go on internal notes behind their message; None: any number goes on it."""
    updated_datetime: Literal["kept", "put", "lost"] = "kept"
    """Kept as it was given at creation; kept if a PUT gives it once more (one call more a ticket); or never kept."""
    dates_lost: tuple[str, ...] = ()
    """Dates of a ticket that Gorgias sets by itself, so that they are not compared."""
    priority_kept: bool = True
    """Else a priority that is not normal becomes a tag, and the field is not compared."""
    tags_made_on_the_fly: bool = True
    """Else every tag that a ticket names is made before the first ticket."""
    tag_case_matters: bool = True
    """Else names of tags are compared without case."""
    external_ids_unique: bool = False
    """Whether a second ticket of one external id is refused: then a refusal is looked up, and the ticket adopted."""
    source_type_taken: bool = True
    """Else the addresses of a message are sent without their ``type``."""
    channels_refused: tuple[str, ...] = ()
    """Channels that chats or calls cannot be loaded on, so that they are on channel api."""
    surveys_stay_unsent: bool = True
    """Else no satisfaction survey is made, since it could be mailed: ratings are handed over."""
    values_in_create: bool = True
    """Else custom field values are put once more after a ticket was made (two calls more a ticket that has some)."""
    values_in_update: bool = True
    """Else values are put by themselves when a ticket is changed (one call more)."""
    values_in_lists: bool = True
    """Else values are read back ticket by ticket (one call for each)."""
    sanitises_html: bool = False
    """Else HTML is compared with its comments, scripts, style sheets and handlers, which no mail reader shows."""
    not_kept: tuple[str, ...] = ()
    """What a person found this account not to keep, so that it is not compared: ``message.source.type``."""
    delete_job: bool = False
    """Whether the sandbox showed that a job deletes tickets; else a roll-back deletes them one by one."""
    tickets_order: str = "updated_datetime:asc"
    """The order in which lists of tickets are walked, so that none is passed over."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Every field that is not compared, as object and path; of HTML what mail readers do not show."""
        html = ("message.body_html (scripts, styles, comments)",) if self.sanitises_html else ()
        source = () if self.source_type_taken else ("message.source.type",)
        return (*sorted(f"ticket.{name}" for name in self.not_compared), *sorted(self.not_kept), *source, *html)

    def channel(self, slug: str) -> str:
        """Return the channel that stands for one, or that one itself where it is taken."""
        return "api" if slug in self.channels_refused else slug

    @property
    def not_compared(self) -> frozenset[str]:
        """Fields of a ticket in which a difference is Gorgias' doing, and tells nothing of the migration."""
        lost = set(self.dates_lost)
        if self.updated_datetime == "lost":
            lost.add("updated_datetime")
        if not self.priority_kept:
            lost.add("priority")
        return frozenset(lost)
