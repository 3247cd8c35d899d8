"""What is planted of people, messages and secrets is in no bundle that is shared: masked, or nothing is made."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from migrator_lib.engagement import Engagement
from migrator_lib.errors import PersonalDataFound, SecretFound
from migrator_lib.evidence.bundle import quotations, searching
from migrator_lib.evidence.bundle.making import make
from migrator_lib.evidence.bundle.masked import document, marked_up
from migrator_lib.evidence.bundle.people import People
from migrator_lib.evidence.bundle.private import ADDRESS, NAME, NUMBER, Private
from migrator_lib.evidence.bundle.quotations import LENGTH, Quoted, letters
from migrator_lib.evidence.bundle.readings import readings
from migrator_lib.evidence.scan import Finding
from migrator_lib.lookups.text import requester_key_of_address
from tests.evidence import bundled
from tests.evidence.bundled import CANNED, MESSAGE, PERSON, PHONE, RUN, SECRET, read

# --- planted into every kind of file -------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled.made(tmp_path_factory.mktemp("shared"))


def into_text(file: Path, words: str) -> None:
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{words}\n", encoding="utf-8")


def into_page(file: Path, words: str) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("</main>", f"<p title='x'>{html.escape(words)}</p></main>"), encoding="utf-8")


def into_attribute(file: Path, words: str) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("</main>", f'<p title="{html.escape(words)}">x</p></main>'), encoding="utf-8")


def into_json(file: Path, words: str) -> None:
    kept = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**kept, "note": {"in it": [json.dumps({"words": words})]}}), encoding="utf-8")


def into_note(file: Path, words: str) -> None:
    text = file.read_text(encoding="utf-8")
    noted = f"  note: {json.dumps(words, ensure_ascii=False)}\n  by: "
    file.write_text(text.replace("  by: ", noted, 1), encoding="utf-8")


def into_reason(file: Path, words: str) -> None:
    file.write_text(f"{file.read_text(encoding='utf-8')}# why: {words}\n", encoding="utf-8")


def into_workbook(file: Path, words: str) -> None:
    book = Workbook()
    book.active.append(["Rule", words])
    book.save(file)


def into_output(file: Path, words: str) -> None:
    document = nbformat.read(file, as_version=4)
    document.cells[0].outputs[0].data["text/html"] = f"<td>{html.escape(words)}</td>"
    nbformat.write(document, file)


PLACES: dict[str, tuple[str, Any]] = {
    "a page": (f"reports/demo/runs/{RUN}/05_load.html", into_page),
    "an attribute": ("reports/demo/documents/scope.html", into_attribute),
    "a list": ("reports/demo/documents/loose_work.csv", into_text),
    "the lists of records": ("reports/demo/accounts/ticket-skipped.csv", into_text),
    "a workbook": ("reports/demo/documents/workflow_inventory.xlsx", into_workbook),
    "JSON within JSON": ("reports/demo/summary.json", into_json),
    "the note of a signature": ("parameters/demo/signoffs.yaml", into_note),
    "the mapping": ("parameters/demo/signed/mapping.yaml", into_reason),
    "a notebook's output": (f"reports/demo/runs/{RUN}/06_reconcile.ipynb", into_output),
    "a notebook's source": ("notebooks/05_load.ipynb", into_json),
    "a quarantined record's reason": ("reports/demo/quarantine.html", into_page),
}
HASHED = requester_key_of_address(bundled.ADDRESS)
PLANTED = (
    f"It has 42 characters, 0a1b2c3d; {PERSON} <Ingrid.Holt@nord.example> called from {PHONE}; so did Jean O'Brien "
    f"(020 30 40 56), for Cecilie Brandt, requester:{HASHED}"
)


@pytest.fixture
def planted(home: Path) -> Iterator[Any]:
    """Plants words into one file, and takes them out again."""
    kept: dict[Path, bytes | None] = {}

    def plant(path: str, into: Any, words: str) -> None:
        file = home / path
        kept.setdefault(file, file.read_bytes() if file.exists() else None)
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            shutil.copyfile(home / "reports/demo/documents/scope.html", file)
        into(file, words)

    yield plant
    for file, content in kept.items():
        file.unlink() if content is None else file.write_bytes(content)


def bundle(home: Path, profile: Any, to: Path) -> dict[str, bytes]:
    engagement = Engagement(home, "demo")
    try:
        return read(make(engagement, profile, to).file)
    finally:
        engagement.close()


def said(files: dict[str, bytes]) -> str:
    """Return all that a bundle says, as a reader sees it, in small letters."""
    return "\n".join(
        text.casefold() for path, content in files.items() for text in readings(path, partial(io.BytesIO, content))
    )


def test_people_planted_into_every_kind_of_file_are_masked(home: Path, planted: Any, tmp_path: Path) -> None:
    for path, into in PLACES.values():
        planted(path, into, PLANTED)
    path = f"{home}/reports/demo/state/quarantine/7.json"
    planted("reports/demo/documents/scope.html", into_page, f"see {path} at http://127.0.0.1:8080/app")
    files = bundle(home, "share", tmp_path / "share.zip")
    text = said(files)
    hidden = ("ingrid", "sørensen", "o'brien", "o&#x27;brien", "nord.example", "20 30 40 56", "20304056,\n", "cecilie")
    for secret in (*hidden, HASHED, "0a1b2c3d"):
        assert secret not in text, secret
    assert "margit olsen" in text
    assert "(here)/reports/demo/state/quarantine/7.json at https://simulated.example/app" in text
    assert str(home).casefold() not in text
    shown = files[f"runs/{RUN}/05_load.html"].decode()
    assert (
        "I. S. H. &lt;I***@***.example&gt; called from (number); so did J. O. B. ((number)), for C. B., requester:xe"
        in shown
    )
    keys = {found for content in files.values() for found in re.findall(rb"requester:(xe[0-9a-f]{16})", content)}
    assert len(keys) == 1  # the same in every file, so that a record is found again
    with zipfile.ZipFile(io.BytesIO(files["documents/workflow_inventory.xlsx"])) as book:
        assert book.testzip() is None
        assert "I. S. H." in "".join(book.read(name).decode() for name in book.namelist())
    assert json.loads(files["summary.json"])["objects"]
    masked = [one for one in json.loads(files["manifest.json"])["files"] if "masked_from" in one]
    assert {one["path"] for one in masked} >= {"summary.json", "parameters/signoffs.yaml", "parameters/mapping.yaml"}
    assert not [path for path in files if path.endswith("ipynb") and path.startswith("runs/")]
    assert "organization_members" not in "".join(path for path in files)
    assert "lists of people by organization" in files["README.html"].decode()


def findings(home: Path, profile: Any, to: Path) -> set[str]:
    """Return the files, as `PLACES` names them, that something is found in."""
    found: list[Finding] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "refuse", found.extend)
        bundle(home, profile, to)
    return {one.file.as_posix() for one in found}


def in_bundle(place: str) -> str:
    """Return the path in a bundle of a place."""
    return PLACES[place][0].removeprefix("reports/demo/").replace("/demo/", "/").replace("signed/", "")


def test_a_secret_is_found_in_every_kind_of_file(home: Path, planted: Any, tmp_path: Path) -> None:
    for path, into in PLACES.values():
        planted(path, into, f"it is {SECRET}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GORGIAS_DEMO_API_KEY", SECRET)
        assert findings(home, "engineer", tmp_path / "bundle.zip") == set(map(in_bundle, PLACES))


def test_a_secret_stops_what_is_to_be_shared_too_and_is_not_told(home: Path, planted: Any, tmp_path: Path) -> None:
    encoded = base64.b64encode(f"migration@fernhill.example:{SECRET}".encode()).decode()
    planted(*PLACES["a workbook"], encoded)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GORGIAS_DEMO_API_KEY", SECRET)
        with pytest.raises(SecretFound, match=r"inventory\.xlsx, line \d+, holds the value of env:GORGIAS") as raised:
            bundle(home, "share", tmp_path / "bundle.zip")
    assert SECRET not in repr(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_any_forty_letters_of_a_message_are_found_in_every_kind_of_file_and_whatever_its_mark_up(
    home: Path, planted: Any, tmp_path: Path
) -> None:
    planted("reports/demo/hypercare/day-1.html", into_page, CANNED)  # goes to everybody, so it may be quoted
    planted("reports/demo/hypercare/day-2.html", into_page, "the groundsheet has a tear & the seam, next to the door")
    for path, into in PLACES.values():
        planted(path, into, MESSAGE[31:83])
    shared = {in_bundle(place) for place in PLACES if place != "a notebook's output"}
    assert findings(home, "share", tmp_path / "bundle.zip") == {*shared, "hypercare/day-2.html"}


def test_the_text_of_a_message_stops_the_making_and_is_not_told(home: Path, planted: Any, tmp_path: Path) -> None:
    planted(*PLACES["a quarantined record's reason"], MESSAGE[31:83])
    with pytest.raises(PersonalDataFound, match=r"quarantine\.html holds the text of a message\.") as raised:
        bundle(home, "share", tmp_path / "bundle.zip")
    assert "tent poles" not in repr(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_the_names_of_files_and_what_is_packed_as_text_are_looked_through() -> None:
    def packed(**parts: str) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.comment = parts.pop("comment", "").encode()
            for name, text in parts.items():
                archive.writestr(name, text)
        return stream.getvalue()

    def held(path: str, content: bytes) -> set[str]:
        private = Private(People([PERSON]))
        return set[str]().union(*map(private.find, readings(path, partial(io.BytesIO, content))))

    picture = base64.b64encode(f"<svg><text>{PERSON}</text></svg>".encode()).decode()
    author = f"<cp:coreProperties><dc:creator>{PERSON}</dc:creator></cp:coreProperties>"
    planted = {
        f"documents/{PERSON}.html": b"x", "documents/ingrid_s\u00f8rensen_holt.png": b"x",
        "a.html": f'<img src="data:image/svg+xml;base64,{picture}">'.encode(),
        "b.zip": packed(**{f"{PERSON}.png": "x"}), "c.zip": packed(comment=PERSON, a="x"),
        "d.xlsx": packed(**{"docProps/core.xml": author}), "e.svg": f"<svg><title>{PERSON}</title></svg>".encode(),
        "f.csv": f"a;{PERSON};b\tc".encode(),
    }  # fmt: skip
    assert [path for path, content in planted.items() if held(path, content) != {NAME}] == []
    assert held("g.html", b'<img src="data:image/png;base64,aW5ncmlk">') == set()


def test_what_cannot_be_masked_stops_the_making(home: Path, planted: Any, tmp_path: Path) -> None:
    def into_script(file: Path, words: str) -> None:
        into_text(file, f"<script>const who = '{words}'</script>")

    planted(f"reports/demo/runs/{RUN}/05_load.html", into_script, "ingrid.holt@nord.example")
    with pytest.raises(PersonalDataFound, match=rf"runs/{RUN}/05_load\.html holds an e-mail address"):
        bundle(home, "share", tmp_path / "bundle.zip")


def test_without_staged_data_the_bundle_says_what_could_not_be_looked_for(home: Path, tmp_path: Path) -> None:
    purged = shutil.copytree(home, tmp_path / "purged", ignore=shutil.ignore_patterns("staged"))
    files = bundle(purged, "share", tmp_path / "share.zip")
    assert json.loads(files["manifest.json"])["scan"] == {
        "secrets": "known and by shape",
        "people": None,
        "messages": None,
    }
    assert "the staged data is no longer there" in files["README.html"].decode()


# --- people --------------------------------------------------------------------------------------------

OWN = "Live chat. How it will open: call the shop and see who may answer."


@pytest.fixture(scope="module")
def private() -> Private:
    names = [PERSON, "Jean O'Brien", "May", "Will Call", "Live Chat", "Dana Agent", "Li Wu", "José  Núñez", "A. O."]
    phones = [PHONE, "+44 1632 960303", "(555) 012-3456", "0170 1234567", "anonymous", "112"]
    return Private(People(names, phones, known=["Dana Agent"], own=OWN))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("INGRID SØRENSEN HOLT wrote", "I. S. H. wrote"), ("ingrid.sørensen-holt.pdf", "i. s. h..pdf"),
        ("Holt, Ingrid Sørensen", "H. I. S."), ("Ingrid%20S\u00f8rensen%20Holt", "I. S. H."),
        ("Jose\u0301 Nu\u0301n\u0303ez", "Jose\u0301 Nu\u0301n\u0303ez"), ("José Núñez", "J. N."),
        ("Will Call came", "W. C. came"), ("they will call you", "they will call you"), ("May I?", "May I?"),
        ("Live chat", "Live chat"), ("Dana Agent", "Dana Agent"), ("Wu Li", "Wu Li"),
    ],
)  # fmt: skip
def test_names_of_two_words_are_masked_and_words_of_the_text_are_not(private: Private, text: str, masked: str) -> None:
    assert private.mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "\u00a0+45\u00a020\u00a030\u00a040\u00a056", PHONE, "+4520304056", "0045 20 30 40 56", "20304056",
        "20 30 40 56", "20-30-40-56", "+45 (0)20304056",
        "01632 960303", "+44 1632 960 303", "441632960303", "(555) 012-3456", "555-012-3456", "555.012.3456",
        "0170/1234567", "+49 30 901820", "0049 30 901820", "+1 555 999 8888",
    ],
)  # fmt: skip
def test_telephone_numbers_are_masked_in_every_notation(private: Private, text: str) -> None:
    assert private.find(f"from {text}, twice") == {NUMBER}
    assert private.find(private.mask(f"from {text}, twice")) == set()


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-27 17:49:20", "2026-11-27T17:49:20+00:00", "1,204,300 of 2,000,000", "1 204 300 records",
        "549-2A56B444-0001", "sha256:0045203040562030405620304056", "ticket 123456789",
        "05-11-2026 17", "M 0.5 120.25 L 33.125 400.5",
        "0.75 of 8,412", "row 20,304,056", "10.0.0.12:8443", "20304057", "v1.24.100",
    ],
)  # fmt: skip
def test_numbers_of_reports_are_no_telephone_numbers(private: Private, text: str) -> None:
    assert private.mask(text) == text


def test_in_lists_of_records_a_number_that_stands_alone_is_an_id(private: Private) -> None:
    assert private.mask("value,2030/4056,203-04056,20.30.40.56", ids=True) == "value,2030/4056,203-04056,20.30.40.56"
    assert private.mask("ticket,20304056,created", ids=True) == "ticket,20304056,created"
    assert private.mask(f"{PHONE} did not answer", ids=True) == "(number) did not answer"


@pytest.mark.parametrize(
    "text",
    ["ann@home.example", "Ann.B+c@mail.home.example", "ann%40home.example", "ann＠home.example", "jörg@bücher.example"],
)
def test_addresses_are_masked_however_they_are_written(private: Private, text: str) -> None:
    assert private.find(f"to {text}.") == {ADDRESS}
    assert private.find(private.mask(f"to {text}.")) == set()


def test_a_page_keeps_its_form_and_a_document_too(private: Private) -> None:
    style = "<style>@media print { a@b.example { } }</style>"
    done = marked_up(f'{style}<p title="Jean O&#x27;Brien">&lt;ann@home.example&gt; &amp; x</p>', private.mask)
    assert done == f'{style}<p title="J. O. B.">&lt;a***@***.example&gt; &amp; x</p>'
    kept = '{"a": 1,   "b": ["c"]}'
    assert document(kept, private.mask) == kept
    assert json.loads(document('{"ann@home.example": ["Jean O\\u0027Brien", 1]}', private.mask)) == {
        "a***@***.example": ["J. O. B.", 1]
    }
    assert document('{"damaged": "ann@home.example', private.mask) == '{"damaged": "a***@***.example'


def test_a_name_that_an_agent_bears_too_stays(private: Private) -> None:
    assert NAME not in private.find("signed by Dana Agent")


# --- quotations ----------------------------------------------------------------------------------------

TEXT = st.text(st.sampled_from("abcdefg hijklm,nop.<b>qrstuvwxyzäß\n&;"), min_size=80, max_size=300)


@settings(max_examples=25)
@given(TEXT, st.integers(0, 200), st.sampled_from([" ", "\n", "</b><i>", " 1,204 "]))
def test_any_forty_letters_are_found_wherever_they_stand_and_whatever_is_between(
    message: str, begin: int, between: str
) -> None:
    known = letters(message)
    if len(known) < LENGTH:
        return
    begin %= len(known) - LENGTH + 1
    part = known[begin : begin + LENGTH]
    shown = "".join(f"{letter.upper()}{between if n % 7 == 3 else ''}" for n, letter in enumerate(part))
    quoted = Quoted()
    quoted.add("before " + shown.replace("</B><I>", "") + " behind" if "<" not in between else f"9 {part} 9")
    found = quoted.found(["another message that nobody quotes anywhere at all in any report", message])
    assert len(found) >= 1
    assert quotations.is_among(part, found)


def test_thirty_nine_letters_and_digests_are_no_quotation() -> None:
    known = letters(MESSAGE)
    quoted = Quoted()
    quoted.add(f"{known[20:59]}. {known[5:44]}! " + "deadbeef0123456789" * 30)
    assert len(quoted.found([MESSAGE, "deadbeef" * 40])) == 0
    assert len(quoted.found([])) == 0
    assert len(Quoted().found([MESSAGE])) == 0


def test_long_reports_and_long_messages_are_gone_through_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotations, "BATCH", 100)
    monkeypatch.setattr(quotations, "MOST", 300)
    known = letters(MESSAGE)[:LENGTH]
    filler = "".join(chr(0x4E00 + n) for n in range(777))
    for at in (0, 61, 99, 100, 377):
        quoted = Quoted()
        quoted.add(filler[:at] + known + filler[at:])
        assert quoted.is_full
        assert len(quoted.found([chr(0x9000) * 95 + MESSAGE + chr(0x9001) * 300])) == 1
