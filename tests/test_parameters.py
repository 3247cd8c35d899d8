"""Parameters: what is wrong is told by file, line, key and mend, and no secret is ever shown."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from migrator_lib.errors import ParameterError
from migrator_lib.parameters import load
from migrator_lib.secret import resolve_options, resolve_secret
from migrator_lib.yaml_file import read_yaml

PROJECT = Path(__file__).parent.parent
GOOD = """\
engagement: acme
company: Acme Ltd
source:
  url: mssql+pyodbc://reader@dbserver/SmarterTrack?driver=ODBC+Driver+18+for+SQL+Server
  password: env:ACME_DB_PASSWORD
target:
  production:
    url: https://acme.gorgias.com
    email: migration@acme.example
    api_key: keyring:gorgias/acme
  sandbox:
    url: https://acme-sandbox.gorgias.com
    email: migration@acme.example
    api_key: env:ACME_SANDBOX_KEY
  mailbox: support@acme.example
agents:
  fallback: former@acme.example
"""
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write an engagement.yaml: the good one, with some of its lines changed."""

    def write(*changes: tuple[str, str], text: str = GOOD) -> Path:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "parameters" / "acme" / "engagement.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def refusal(file: Path) -> ParameterError:
    with pytest.raises(ParameterError) as caught:
        load(file)
    assert caught.value.next_step
    return caught.value


def shown(error: ParameterError) -> str:
    """Return all that a reader could see of an error, its causes too."""
    return "".join(traceback.format_exception(error))


def test_a_good_file_is_read_with_its_defaults(written: Written) -> None:
    parameters = load(written())
    assert parameters.engagement == "acme"
    assert parameters.source.prefix == "st_"
    assert parameters.target.rate.requests == 40
    assert parameters.policy.spam_tickets == "skip"
    assert parameters.thresholds.quarantined == 0.0


@pytest.mark.parametrize("name", ["demo", "example-onprem", "example-hosted"])
def test_the_files_that_come_with_the_project_are_good(name: str) -> None:
    assert load(PROJECT / "parameters" / name / "engagement.yaml").engagement == name


@pytest.mark.parametrize(
    ("change", "line", "key", "mend"),
    [
        (("company:", "compnay:"), 2, "compnay", "not known"),
        (("company: Acme Ltd\n", ""), 1, "company", "required: add it"),
        (("  mailbox: support@acme.example\n", ""), 6, "target.mailbox", "required: add it"),
        (("agents:\n  fallback: former@acme.example\n", ""), 1, "agents", "required"),
        (("  fallback:", "  fallbock:"), 17, "agents.fallbock", "correct its spelling"),
        (("source:\n", "source:\n  page_rows: many\n"), 4, "source.page_rows", "valid integer"),
        (("source:\n", "source:\n  page_rows: 5\n"), 4, "source.page_rows", "greater than or equal to 10"),
        (("source:\n", "source:\n  read_from: anywhere\n"), 4, "source.read_from", "'snapshot' or 'live'"),
        (("engagement: acme", "engagement: Acme Ltd"), 1, "engagement", "match"),
        (("engagement: acme", "engagement: [a, b]"), 1, "engagement", "valid string"),
        (("  password: env:ACME_DB_PASSWORD\n", "  password: 5\n"), 5, "source.password", "valid string"),
        (("https://acme.gorgias.com", "http://acme.gorgias.com"), 8, "target.production.url", "unencrypted"),
        (("https://acme.gorgias.com", "acme.gorgias.com"), 8, "target.production.url", "write https://"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_file_line_key_and_mend(
    written: Written, change: tuple[str, str], line: int, key: str, mend: str
) -> None:
    file = written(change)
    told = refusal(file).message
    assert str(file) in told
    assert f"engagement.yaml, line {line}, {key}: " in told
    assert mend in told


KEY = "    email: migration@acme.example\n    api_key: env:ACME_SANDBOX_KEY\n"
APP = """\
    oauth:
      client_id: abc
      client_secret: env:ACME_APP_SECRET
      refresh_token: keyring:gorgias/acme
"""


def test_an_account_may_be_signed_in_to_as_an_app(written: Written) -> None:
    target = load(written((KEY, APP))).target
    assert target.sandbox.secrets == ("env:ACME_APP_SECRET", "keyring:gorgias/acme")
    assert target.production.secrets == ("keyring:gorgias/acme",)


@pytest.mark.parametrize(
    ("way", "line", "key", "mend"),
    [
        (KEY + APP, 11, "target.sandbox", "either 'email' and 'api_key' or 'oauth'"),
        ("", 11, "target.sandbox", "either 'email' and 'api_key' or 'oauth'"),
        (KEY.splitlines(keepends=True)[1], 11, "target.sandbox", "'email' is required beside 'api_key'"),
        (APP.replace("env:ACME_APP_SECRET", "hunter2"), 15, "target.sandbox.oauth.client_secret", "by reference"),
        (APP + "      token_url: http://acme.gorgias.com/oauth/token\n", 17, "target.sandbox.oauth.token_url",
         "unencrypted"),
    ],
)  # fmt: skip
def test_there_is_exactly_one_way_to_sign_in(written: Written, way: str, line: int, key: str, mend: str) -> None:
    error = refusal(written((KEY, way)))
    assert f"engagement.yaml, line {line}, {key}: " in error.message
    assert mend in error.message
    assert "hunter2" not in shown(error)


@pytest.mark.parametrize("url", ["https://acme.gorgias.com", "https://acme.gorgias.com/"])
def test_the_sandbox_is_another_account(written: Written, url: str) -> None:
    told = refusal(written(("https://acme-sandbox.gorgias.com", url))).message
    assert "line 6, target: 'sandbox' is the production account" in told
    assert "sample_in_production: true" in told


def test_everything_that_is_wrong_is_told_at_once(written: Written) -> None:
    told = refusal(written(("company:", "compnay:"), ("  fallback:", "  fallbock:"))).message
    assert all(key in told for key in ("compnay", "company", "agents.fallbock", "agents.fallback"))


def test_a_source_has_to_be_somewhere(written: Written) -> None:
    text = GOOD.replace("  url: mssql", "  portal_url: mssql").replace("  password: env:ACME_DB_PASSWORD\n", "")
    assert "give 'url'" in refusal(written(text=text)).message


@pytest.mark.parametrize(
    "url",
    [
        "mssql+pyodbc://reader:hunter2@dbserver/SmarterTrack?driver=FreeTDS",
        "mssql+pyodbc://reader:@dbserver/SmarterTrack",
        "mysql://reader:hunter2@db/st",
        "mssql+pyodbc://dbserver/st?UID=reader&PWD=hunter2",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BFreeTDS%7D%3BUID%3Dreader%3BPWD%3Dhunter2",
        "postgresql://db/st?user=reader&password=hunter2",
        "postgresql://reader@db/st?sslkey=reader.key&sslpassword=hunter2",
    ],
)
def test_a_url_with_a_password_is_refused_and_not_shown(written: Written, url: str) -> None:
    text = "\n".join(f"  url: {url}" if line.startswith("  url:") else line for line in GOOD.splitlines())
    error = refusal(written(text=text))
    assert "line 4, source.url: the URL holds a password" in error.message
    assert "env:NAME" in error.message
    assert "hunter2" not in shown(error)


@pytest.mark.parametrize(
    "url",
    [
        "mssql+pyodbc://reader@dbserver:1433/SmarterTrack?driver=ODBC+Driver+18+for+SQL+Server",
        "sqlite:////srv/restored/C:/data@home/smartertrack.db",
        "postgresql+psycopg://reader@db/st",
        "mssql+pyodbc://dbserver/st?trusted_connection=yes",
    ],
)
def test_a_url_without_one_is_taken(written: Written, url: str) -> None:
    text = "\n".join(f"  url: {url}" if line.startswith("  url:") else line for line in GOOD.splitlines())
    assert load(written(text=text)).source.url == url


def test_a_url_that_is_none_is_refused_without_showing_it(written: Written) -> None:
    old = "mssql+pyodbc://reader@dbserver/SmarterTrack?driver=ODBC+Driver+18+for+SQL+Server"
    error = refusal(written((old, "Server=db;Password=hunter2")))
    assert "no SQLAlchemy URL" in error.message
    assert "hunter2" not in shown(error)


@pytest.mark.parametrize(
    "lines",
    [
        "files_root: sftp://reader:hunter2@server/App_Data",
        "files_root: zip://App_Data::sftp://reader:hunter2@server/backup.zip",
        "files_root: https://acct.example/App_Data?sig=hunter2",
        "files_options: {secret: hunter2}",
        "files_options: {account_key: hunter2}",
        "files_options: {password: hunter2}",
        "files_options: {password: 2718281}",
        "files_options: {endpoint_url: 'https://reader:hunter2@s3.example.com'}",
    ],
)
def test_where_files_are_holds_no_secret_either(written: Written, lines: str) -> None:
    error = refusal(written(("target:\n  production", f"  {lines}\ntarget:\n  production")))
    assert not re.search("hunter2|2718281", str(error))
    assert lines.partition(":")[0] in str(error)


def test_options_of_files_are_taken_and_their_references_resolved(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = (
        "files_root: s3://bucket/App_Data\n  files_options: {key: env:S3_KEY, anon: false, key_filename: /srv/id, "
        "endpoint_url: 'https://s3.example.com:9000/a@b'}\n"
    )
    source = load(written(("target:\n  production", f"  {given}target:\n  production"))).source
    monkeypatch.setenv("S3_KEY", "hunter2")
    assert resolve_options(source.files_options) == {
        "key": "hunter2", "anon": False, "key_filename": "/srv/id", "endpoint_url": "https://s3.example.com:9000/a@b",
    }  # fmt: skip


def test_the_address_of_the_account_holds_no_password_either(written: Written) -> None:
    error = refusal(written(("https://acme.gorgias.com", "https://migration:hunter2@acme.gorgias.com")))
    assert "target.production.url" in error.message
    assert "hunter2" not in shown(error)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:9", "http://[::1]:80", ""])
def test_a_simulated_account_on_this_machine_needs_no_encryption(written: Written, url: str) -> None:
    assert load(written(("https://acme.gorgias.com", f"'{url}'"))).target.production.url == url


@pytest.mark.parametrize("secret", ["hunter2", "env:", "keyring:gorgias", "vault:x/y", "ENV:NAME"])
def test_a_secret_is_given_by_reference_only_and_never_shown(written: Written, secret: str) -> None:
    error = refusal(written(("env:ACME_SANDBOX_KEY", f"'{secret}'")))
    assert "line 14, target.sandbox.api_key: a secret is given by reference" in error.message
    assert "'keyring:service/user'" in error.message
    if secret == "hunter2":
        assert secret not in shown(error)


def test_a_key_given_twice_is_refused_without_showing_its_value(written: Written) -> None:
    error = refusal(written(("agents:", "  mailbox: hunter2@acme.example\nagents:")))
    assert "line 16" in error.message
    assert "duplicate key" in error.message
    assert "hunter2" not in shown(error)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("engagement: 'acme\ncompany: x\n", 3),
        ("a:\n  b: 1\n c: 2\n", 3),
        ("a: [1, 2\nb: 3\n", 2),
        ("a: b: c\n", 1),
        ("\ta: 1\n", 1),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(written: Written, text: str, line: int) -> None:
    error = refusal(written(text=text))
    assert "is not YAML" in error.message
    assert f"line {line}, column" in error.message
    assert f"line {line}" in error.next_step


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "- a list\n", "just words\n"])
def test_a_file_without_keys_is_said(written: Written, text: str) -> None:
    assert "holds no keys" in refusal(written(text=text)).message


def test_a_file_that_is_not_utf_8_is_said(written: Written) -> None:
    file = written()
    file.write_bytes(GOOD.replace("Acme Ltd", "Müller").encode("cp1252"))
    assert "UTF-8" in refusal(file).message


def test_a_folder_in_the_place_of_the_file_is_said(written: Written) -> None:
    file = written()
    file.unlink()
    file.mkdir()
    assert "cannot be read" in refusal(file).message


def test_an_engagement_that_is_not_there_names_those_that_are(written: Written) -> None:
    file = written()
    error = refusal(file.parent.parent / "acne" / "engagement.yaml")
    assert "known engagements: acme" in error.message
    assert "check the name" in error.next_step


def test_the_name_is_that_of_the_folder(written: Written) -> None:
    error = refusal(written(("engagement: acme", "engagement: acme-2")))
    assert "line 1, engagement: says 'acme-2', but its folder is 'acme'" in error.message
    assert "external id" in error.next_step


def test_parameters_cannot_be_changed_by_accident(written: Written) -> None:
    parameters = load(written())
    with pytest.raises(ValueError, match="frozen"):
        parameters.company = "Other"
    assert parameters.company == "Acme Ltd"


# --- secrets -------------------------------------------------------------------------------------------


class FakeKeyring(KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]
    locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringError("the keyring is locked")
        return "from the keyring" if (service, username) == ("gorgias", "acme") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("nothing is ever written")


@pytest.fixture
def fake() -> object:
    before, fake = keyring.get_keyring(), FakeKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(before)


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "from the environment")
    assert resolve_secret("env:ACME_KEY") == "from the environment"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_or_empty_is_said(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("ACME_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("ACME_KEY", value)
    with pytest.raises(ParameterError, match="env:ACME_KEY is empty or not set") as caught:
        resolve_secret("env:ACME_KEY")
    assert "export ACME_KEY=" in caught.value.next_step


def test_a_secret_comes_from_the_keyring(fake: FakeKeyring) -> None:
    assert resolve_secret("keyring:gorgias/acme") == "from the keyring"


def test_a_secret_that_the_keyring_does_not_have_is_said(fake: FakeKeyring) -> None:
    with pytest.raises(ParameterError) as caught:
        resolve_secret("keyring:gorgias/other")
    assert "keyring set gorgias other" in caught.value.next_step


def test_a_keyring_that_cannot_be_read_is_said(fake: FakeKeyring) -> None:
    fake.locked = True
    with pytest.raises(ParameterError, match="the keyring is locked") as caught:
        resolve_secret("keyring:gorgias/acme")
    assert "env:NAME" in caught.value.next_step


def test_yaml_keeps_comments_and_order(written: Written) -> None:
    document = read_yaml(written(text="b: 1  # why\na: 2\n"))
    assert list(document) == ["b", "a"]
    assert document.lc.key("a") == (1, 0)
