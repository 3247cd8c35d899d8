"""What all handed-over documents are made of, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from migrator_lib.engagement import Engagement
from migrator_lib.gorgias.contract.replies import User
from migrator_lib.handoff.correspondence import Correspondence
from migrator_lib.lookups import Lookups
from migrator_lib.objects import USER
from migrator_lib.staging import Staged

TARGET = "production"


@dataclass(frozen=True)
class Material:
    """What all documents are made of, read once."""

    engagement: Engagement
    staged: Staged
    lookups: Lookups
    users: dict[str, User]
    """Users of the production account by lowered address."""

    @classmethod
    def of(cls, engagement: Engagement) -> Material:
        """Read it.

        Raises:
            OutOfTurn: there is no mapping yet.
            TargetError: the account cannot be read.
        """
        staged = engagement.all_stages
        return cls(engagement, staged, engagement.lookups(staged), USER.existing(engagement.api(TARGET)))

    @cached_property
    def correspondence(self) -> Correspondence:
        """What the messages say of times and mailboxes."""
        return Correspondence.of(self.staged, self.lookups)
