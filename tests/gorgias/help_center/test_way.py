"""An engagement takes the package, unless it asks for the API by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from migrator_lib.engagement import Engagement
from migrator_lib.gorgias.help_center.api import HelpCenterApi
from migrator_lib.gorgias.help_center.articles import KnowledgeBase
from migrator_lib.gorgias.help_center.package import ExportPackage
from migrator_lib.parameters import HelpCenterSettings
from tests.gorgias.help_center.center import Center

YAML = """\
engagement: acme
company: Acme Ltd
source: {{simulator: {{seed: 1, tickets: 1}}}}
target:
  production: {{url: "{url}", email: migration@demo.example, api_key: env:HELP_KEY}}
  sandbox: {{url: "http://127.0.0.1:9/none", email: migration@demo.example, api_key: env:HELP_KEY}}
  mailbox: support@acme.example
agents: {{fallback: former@acme.example}}
"""


def engagement(root: Path, url: str, more: str = "") -> Engagement:
    file = root / "parameters" / "acme" / "engagement.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(YAML.format(url=url) + more, encoding="utf-8")
    return Engagement(root, "acme")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_KEY", "demo-key")


def test_the_default_is_the_package_which_asks_nobody(center: Center, base: KnowledgeBase, tmp_path: Path) -> None:
    way = engagement(tmp_path, center.url).help_center("production")
    assert isinstance(way, ExportPackage)
    way.publish(base)
    assert (tmp_path / "reports" / "acme" / "documents" / "help_center.zip").exists()
    assert center.account.stats.calls == 0


def test_the_api_is_taken_where_it_is_asked_for(center: Center, tmp_path: Path) -> None:
    more = f'help_center: {{way: api, id: 1, api_url: "{center.url}"}}\n'
    way = engagement(tmp_path, center.url, more).help_center("production")
    assert isinstance(way, HelpCenterApi)
    assert all(finding.ok for finding in way.probe())


def test_the_api_needs_a_help_center() -> None:
    with pytest.raises(ValidationError, match="needs 'id'"):
        HelpCenterSettings(way="api")
