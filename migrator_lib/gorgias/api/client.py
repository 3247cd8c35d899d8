"""One account: all its resources, over one :class:`Transport`."""

from __future__ import annotations

from migrator_lib.clock import Clock
from migrator_lib.gorgias.api.account import AccountResource
from migrator_lib.gorgias.api.custom_fields import CustomFields
from migrator_lib.gorgias.api.customers import Customers
from migrator_lib.gorgias.api.events import Events
from migrator_lib.gorgias.api.integrations import Integrations
from migrator_lib.gorgias.api.jobs import Jobs
from migrator_lib.gorgias.api.macros import Macros
from migrator_lib.gorgias.api.messages import Messages
from migrator_lib.gorgias.api.resource import Collection
from migrator_lib.gorgias.api.rules import Rules
from migrator_lib.gorgias.api.surveys import Surveys
from migrator_lib.gorgias.api.tags import Tags
from migrator_lib.gorgias.api.teams import Teams
from migrator_lib.gorgias.api.tickets import Tickets
from migrator_lib.gorgias.api.uploads import Uploads
from migrator_lib.gorgias.api.users import Users
from migrator_lib.gorgias.api.views import Views
from migrator_lib.gorgias.api.voice_calls import VoiceCalls
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.transport import Transport


class GorgiasApi:
    """The endpoints of one account; safe to share between workers."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.account = AccountResource(transport)
        self.tickets = Tickets(transport)
        self.messages = Messages(transport)
        self.customers = Customers(transport)
        self.users = Users(transport)
        self.teams = Teams(transport)
        self.tags = Tags(transport)
        self.custom_fields = CustomFields(transport)
        self.uploads = Uploads(transport)
        self.surveys = Surveys(transport)
        self.jobs = Jobs(transport)
        self.rules = Rules(transport)
        self.integrations = Integrations(transport)
        self.macros = Macros(transport)
        self.views = Views(transport)
        self.events = Events(transport)
        self.voice_calls = VoiceCalls(transport)

    @property
    def clock(self) -> Clock:
        """The time that waiting for this account is spent on."""
        return self.transport.clock

    @property
    def gate(self) -> RateGate:
        """The rate gate that every request to this account passes, and that counts them."""
        return self.transport.gate

    def resource(self, path: str) -> Collection:
        """Return the resource of a collection whose things can be made and deleted, by its path: ``customers``."""
        found: dict[str, Collection] = {
            "tickets": self.tickets, "customers": self.customers, "users": self.users, "teams": self.teams,
            "tags": self.tags, "rules": self.rules, "integrations": self.integrations, "macros": self.macros,
        }  # fmt: skip
        return found[path]
