"""The scan finds secrets however they are written, and leaves ordinary reports alone."""

from __future__ import annotations

import base64
import html
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest

from migrator_lib import pages
from migrator_lib.errors import ExitCode, SecretFound, StorageError
from migrator_lib.evidence import scan
from tests.index_sample import given

SECRET = 'k3y/with+"odd" <sïgns>&\\7'
NAME = "env:GORGIAS_KEY"


def written(folder: Path, text: str, name: str = "report.html") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def whats(folder: Path, text: str, secrets: dict[str, str] | None = None) -> list[str]:
    return [finding.what for finding in scan.find_secrets([written(folder, text)], secrets or {})]


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        html.escape(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(f"<td>{html.escape(SECRET)}</td>"),
        json.dumps(json.dumps({"key": SECRET})),
        repr(SECRET),
    ],
)
def test_a_known_secret_is_found_however_it_is_escaped(tmp_path: Path, form: str) -> None:
    assert whats(tmp_path, f"harmless\nbefore {form} behind", {NAME: SECRET}) == [f"the value of {NAME}"]


@pytest.mark.parametrize("user", ["", "a", "ab", "abc", "migration@shop.example"])
@pytest.mark.parametrize("secret", ["s3cret", "s3cret7", "s3cret78", "longer-s3cret-than-that"])
def test_a_known_secret_is_found_in_base64_whatever_the_user_before_it(tmp_path: Path, user: str, secret: str) -> None:
    for behind in ("", "!", "!!"):
        encoded = base64.b64encode(f"{user}:{secret}{behind}".encode()).decode()
        assert whats(tmp_path, f"sent {encoded} there", {NAME: secret}) == [f"the value of {NAME}"]


def test_a_finding_names_file_and_line_and_never_the_secret(tmp_path: Path) -> None:
    file = written(tmp_path, f"one\ntwo\n{SECRET}\n")
    found = scan.find_secrets([file], {NAME: SECRET})
    assert found == [scan.Finding(file, 3, f"the value of {NAME}")]
    with pytest.raises(SecretFound) as raised:
        scan.refuse(found)
    assert f"{file}, line 3, holds the value of {NAME}" in str(raised.value)
    assert "\nNext: " in str(raised.value)
    assert SECRET not in repr(raised.value)
    assert raised.value.exit_code is ExitCode.FAILED


def test_nothing_found_passes(tmp_path: Path) -> None:
    scan.refuse(scan.find_secrets([written(tmp_path, "all is well")], {NAME: SECRET}))


def test_a_secret_too_short_to_tell_from_a_word_is_not_looked_for(tmp_path: Path) -> None:
    assert whats(tmp_path, "the demo engagement", {NAME: "demo"}) == []


# written apart, so that a scan of this project does not find them
SHAPED = [
    ("an Authorization header", "Authori" + "zation: Basic YW5uYTpzM2NyZXQ3Nzc="),
    ("an Authorization header", '{\\"Authori' + 'zation\\": \\"Bearer eyJhbGciOi.eyJzdWIi.c2lnbg\\"}'),
    ("a password in a URL", "mssql+pyodbc://reader:" + "Summer2024@db.example/desk"),
    ("a password in a URL", "postgresql://:" + "hunter2@db.example/ledger"),
    ("a password in a connection string", "DRIVER=FreeTDS;UID=reader;PW" + "D=Summer2024;"),
    ("a private key", "-----BEGIN RSA PRIVATE" + " KEY-----"),
    ("a password or key", 'api_' + 'key = "f81d4fae7dec11d0a765"'),
    ("a password or key", '"auth' + 'Password": "Summer2024"'),
    ("a password or key", "&quot;api-" + "key&quot;: &quot;f81d4fae7dec11d0&quot;"),
    ("a password or key without quotes", "api_" + "key: f81d4fae7dec11d0a765"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "line"), SHAPED)
def test_what_looks_like_a_secret_is_found(tmp_path: Path, what: str, line: str) -> None:
    assert whats(tmp_path, f"first\n{line}\nlast") == [what]


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Basic <base64 of e-mail and key>",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "mapping hash 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "api_key: env:GORGIAS_API_KEY_2",
        'api_key="keyring:gorgias/migration2"',
        "api_key=resolve_secret2(account.api_key)",
        'password = "********"',
        "postgresql://ledger:${PASSWORD}@db.example/ledger",
        "mssql+pyodbc://sa:PASSWORD@localhost:1433/master",
        "https://desk.example:8443/ticket@12",
        "The password column has 12345678 values.",
        "token: sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NM",
        '<td class="number">12,000</td><td>passwords reset: 1,204</td>',
        "2026-11-20T09:00:00+00:00 password=None",
        "a { --ink: #1c2430; background: url(data:image/png;base64,iVBORw0KGgo=) }",
    ],
)
def test_ordinary_lines_are_no_alarm(tmp_path: Path, line: str) -> None:
    assert whats(tmp_path, line, {NAME: SECRET}) == []


def test_ordinary_reports_and_picture_data_are_no_alarm(tmp_path: Path) -> None:
    picture = base64.b64encode(random.Random(1).randbytes(300_000)).decode()
    page = pages.page("Report", pages.table([{"Key": "1", "Hash": "9f86d081884c7d65"}]), pages.note(picture))
    files = [written(tmp_path, page), written(tmp_path, json.dumps(given()["summary"]), "summary.json")]
    assert scan.find_secrets(files, {NAME: SECRET, "env:OTHER": "s3cret"}) == []


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"gone\.html could not be read"):
        scan.find_secrets([tmp_path / "gone.html"], {})


BODY = 'Hello,\n  my "order" <7> has not come, although it was   promised for Monday & paid.'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("report.md", f"> {BODY}"),
        ("report.html", html.escape(BODY)),
        ("report.html", "<p>Hello,</p><p>my <b>&quot;order&quot;</b> &lt;7&gt; has not come, although it was promised"),
        ("summary.json", json.dumps({"rows": [{"note": BODY}]})),
        ("notebook.ipynb", json.dumps({"cells": [{"outputs": [{"text": BODY.splitlines(keepends=True)}]}]})),
        ("notebook.ipynb", json.dumps({"cells": [{"text/html": f"<td>{html.escape(BODY)}</td>"}]})),
        ("damaged.json", '{"half": "' + BODY),
    ],
)
def test_a_quoted_message_is_found(tmp_path: Path, name: str, text: str) -> None:
    file = written(tmp_path, text, name)
    assert scan.find_bodies([file], ["another message, which nothing quotes anywhere", BODY]) == [
        scan.Finding(file, 0, "the text of a message")
    ]


def test_its_first_forty_letters_are_enough(tmp_path: Path) -> None:
    plain = " ".join(BODY.split())
    assert scan.find_bodies([written(tmp_path, plain[:40] + " …", "a.md")], [BODY])
    assert scan.find_bodies([written(tmp_path, plain[:39] + " …", "a.md")], [BODY]) == []


@pytest.mark.parametrize("before", [1980, 1996, 2000, 3980, 6000])
def test_a_quotation_in_a_long_list_is_found_also_where_two_blocks_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    monkeypatch.setattr(scan, "BLOCK", 2000)
    plain = " ".join(BODY.split())
    file = written(tmp_path, "1,2\n" * (before // 4) + plain + "\n3,4", "members.csv")
    assert scan.find_bodies([file], [BODY])
    assert scan.find_bodies([file], ["another message, which nothing quotes anywhere"]) == []


def test_short_texts_and_other_texts_are_no_quotation(tmp_path: Path) -> None:
    file = written(tmp_path, "Thank you! " + "The order of things is told by its key. " * 5, "a.md")
    assert scan.find_bodies([file], ["Thank you!", BODY]) == []
