"""The tables of the source that transforms look something up in, and what else decides of payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrator_lib.contacts import Asker
from migrator_lib.external_id import external_id
from migrator_lib.knowledge.source import Knowledge
from migrator_lib.links import Links
from migrator_lib.mapping import EngagementMapping
from migrator_lib.parameters import Parameters
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.smartertrack.matching import Files
from migrator_lib.staging import Row, Staged


@dataclass
class Source:
    """Rows by their keys, the mapping, the parameters, and how the account behaves."""

    parameters: Parameters
    mapping: EngagementMapping
    users: dict[int, Row]
    agents: set[int]
    departments: dict[int, Row]
    groups: dict[tuple[int, int], Row]
    brands: dict[int, Row]
    statuses: dict[int, Row]
    comment_types: dict[int, Row]
    custom_fields: dict[int, Row]
    organizations: dict[int, Row]
    filters: list[Row]
    user_fields: dict[int, list[Row]]
    tags: dict[int, Row] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    ticket_requesters: Sequence[tuple[int | None, str]] = ()
    """(account or None, address) of every ticket, distinct, in ticket order; then those of chats and calls."""
    callers: Mapping[str, Asker] = field(default_factory=dict)
    """Telephone number of calls to who had it: the first whom an account or an address tells, else the first."""
    roles: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Account to the roles of employees that it has."""
    staged: Staged | None = None
    """What it was made of."""
    knowledge: Knowledge = field(default_factory=Knowledge)
    behaviour: Behaviour = field(default_factory=Behaviour)
    """What depends on how Gorgias answers, as the sandbox did."""
    task_statuses: dict[int, Row] = field(default_factory=dict)
    task_priorities: dict[int, Row] = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    """What tickets, chats and calls are linked to."""

    def external_id(self, obj: str, key: str | int) -> str:
        """Return the external id of a record of this engagement."""
        return external_id(self.parameters.engagement, obj, key)
