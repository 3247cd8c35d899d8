"""Which way into the help center an engagement takes."""

from __future__ import annotations

from pathlib import Path

from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.help_center.api import HelpCenterApi
from migrator_lib.gorgias.help_center.contract import API_URL
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.memory import Memory
from migrator_lib.gorgias.help_center.outcome import HelpCenter
from migrator_lib.gorgias.help_center.package import ExportPackage
from migrator_lib.gorgias.help_center.token import HelpCenterToken
from migrator_lib.gorgias.transport import Transport
from migrator_lib.parameters import HelpCenterSettings


def way_in(
    settings: HelpCenterSettings, account: GorgiasApi, package: Path, *, company: str = "", memory: Memory | None = None
) -> HelpCenter:
    """Return the way that was chosen: the export package, unless the API was asked for by name.

    Args:
        settings: ``help_center`` of the engagement.
        account: the account, whose gate the Help Center's requests pass too: its own limit is not documented.
        package: where the package is written.
        company: as the package's page calls it.
        memory: what earlier runs made by the API.
    """
    if settings.way == "package":
        return ExportPackage(package, company=company)
    return HelpCenterApi(account, endpoints(settings, account), memory)


def endpoints(settings: HelpCenterSettings, account: GorgiasApi) -> Endpoints:
    """Return the requests of the help center that the settings name, by the API."""
    assert settings.id is not None
    return Endpoints(_service(settings, account.transport), settings.id)


def _service(settings: HelpCenterSettings, account: Transport) -> Transport:
    return Transport(settings.api_url or API_URL, auth=HelpCenterToken(account), gate=account.gate, clock=account.clock)
