"""Gorgias' REST API as far as a migration needs it: a module for each resource, one small method for each endpoint.

A body is checked against the contract before it leaves, and sent as it is; a reply is parsed into a model of
:mod:`migrator_lib.gorgias.contract.replies`. What a method raises beside the errors named there is told by
:meth:`migrator_lib.gorgias.transport.Transport.call`. Source of every fact: developers.gorgias.com, reference pages,
by the endpoint's name.

Not everything that is here may leave: the mail guard lets a rule, an integration or a setting of the company's own be
changed by a request that was named beforehand alone (:mod:`migrator_lib.gorgias.purpose`), and nothing irreversible.
"""

from migrator_lib.gorgias.api.client import GorgiasApi
from migrator_lib.gorgias.api.resource import Json

__all__ = ["GorgiasApi", "Json"]
