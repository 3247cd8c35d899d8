"""A bundle holds what proves a migration, is the same for the same state, and tells when it was altered."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from migrator_lib.cli import app
from migrator_lib.engagement import STEPS, Engagement
from migrator_lib.errors import OutOfTurn, StorageError
from migrator_lib.evidence.bundle.archive import Writer
from migrator_lib.evidence.bundle.checking import check
from migrator_lib.evidence.bundle.contents import without_dead_links
from migrator_lib.evidence.bundle.making import Bundle, make
from migrator_lib.evidence.bundle.manifest import MADE, MANIFEST, Manifest, comment
from migrator_lib.evidence.bundle.statement import is_noted
from tests.evidence import bundled
from tests.evidence.bundled import RUN, digest, read, rebuilt
from tests.homes import demo_home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled.made(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def engagement(home: Path) -> Iterator[Engagement]:
    found = Engagement(home, "demo")
    yield found
    found.close()


@pytest.fixture(scope="module")
def engineers(engagement: Engagement) -> Bundle:
    return make(engagement, "engineer")


@pytest.fixture(scope="module")
def shared(engagement: Engagement) -> Bundle:
    return make(engagement, "share")


def failed(bundle: Path, **given: str) -> dict[str, tuple[str, ...]]:
    """Return the checks that failed, with what they say."""
    return {one.name: one.words for one in check(bundle, **given).checks if one.state == "failed"}


# --- what is in it -------------------------------------------------------------------------------------


def test_it_holds_reports_decisions_lists_sources_and_what_the_ledger_states(engineers: Bundle) -> None:
    files = read(engineers.file)
    wanted = {
        "README.html", "index.html", "summary.json", "manifest.json", "ledger.json", "program.json",
        "accounts/ticket-created.csv", "documents/scope.html", "documents/workflow_inventory.xlsx",
        "documents/organization_members.csv", "hash_tree/roots.json", "hash_tree/ticket.csv",
        "parameters/engagement.yaml", "parameters/mapping.yaml", "parameters/signoffs.yaml",
        *(f"runs/{RUN}/{step}{suffix}" for step in STEPS for suffix in (".html", ".ipynb")),
        *(f"notebooks/{step}.ipynb" for step in STEPS),
    }  # fmt: skip
    assert wanted <= files.keys()
    assert not [path for path in files if path.startswith("state") or path.endswith(".zip")]
    manifest = json.loads(files["manifest.json"])
    assert {one["path"]: one["sha256"] for one in manifest["files"]} == {
        path: digest(content) for path, content in files.items() if path != "manifest.json"
    }
    assert digest(files["manifest.json"]) == engineers.manifest
    program = json.loads(files["program.json"])
    assert program["lock_sha256"] == digest((Path(__file__).parents[2] / "requirements.lock").read_bytes())


def test_another_program_reads_it_and_the_digest_lies_beside_it(engineers: Bundle) -> None:
    with zipfile.ZipFile(engineers.file) as archive:
        assert archive.testzip() is None
        assert archive.comment.decode() == f"manifest sha256:{engineers.manifest}"
    beside = engineers.file.with_name(engineers.file.name + ".sha256").read_text(encoding="utf-8")
    assert beside == f"{digest(engineers.file.read_bytes())}  {engineers.file.name}\n"


def test_the_same_state_makes_the_same_bytes_and_a_new_signature_others(
    engagement: Engagement, engineers: Bundle, tmp_path: Path
) -> None:
    before = engagement.ledger.head()
    again = make(engagement, "engineer", tmp_path / "again.zip")
    assert again.file.read_bytes() == engineers.file.read_bytes()
    assert engagement.ledger.head() == before
    assert engagement.ledger.verify() == before[0]
    assert is_noted(engagement.ledger, engineers.manifest)
    assert is_noted(engagement.ledger, "0" * 64) is None


def test_every_link_in_it_leads_to_a_file_of_it(engineers: Bundle, shared: Bundle) -> None:
    for bundle in (engineers, shared):
        files = read(bundle.file)
        for path, content in files.items():
            if path.endswith(".html"):
                assert without_dead_links(path, content.decode(), files.keys()) == content.decode(), path
    index = read(engineers.file)["index.html"].decode()
    assert f'<a href="runs/{RUN}/05_load.html">the load</a>' in index
    assert "<span>an earlier load</span>" in index


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ('<a href="../index.html#top">x</a>', True), ('<a class="b" href="b%20c.csv">x</a>', True),
        ("<a href='https://shop.example/a'>x</a>", True), ('<a href="#there">x</a>', True),
        ('<a href="gone.html">x</a>', False), ('<a href="../../index.html">x</a>', False),
    ],
)  # fmt: skip
def test_a_link_stays_where_it_leads_to_something(link: str, kept: bool) -> None:
    done = without_dead_links("documents/a.html", f"<p>{link}</p>", {"index.html", "documents/b c.csv"})
    assert (link in done) is kept
    assert ">x<" in done


def test_nothing_is_made_before_anything_is_done(tmp_path: Path) -> None:
    engagement = Engagement(demo_home(tmp_path / "new", tickets=1), "demo")
    with pytest.raises(OutOfTurn, match="Nothing of demo is done yet"):
        make(engagement, "engineer")
    engagement.close()
    assert not list(engagement.paths.reports.glob("*.zip*"))


def test_pages_are_printed_where_asked_for_and_what_was_printed_before_stays_out(
    engagement: Engagement, tmp_path: Path
) -> None:
    stale = engagement.paths.reports / "pdf" / "index.pdf"
    stale.parent.mkdir()
    stale.write_bytes(b"%PDF of another day")
    made = make(engagement, "share", tmp_path / "b.zip", lambda page, to: to.write_bytes(b"%PDF " + page.read_bytes()))
    files = read(made.file)
    assert "pdf/index.pdf" not in files
    assert files["index.pdf"] == b"%PDF " + files["index.html"]
    assert {f"runs/{RUN}/{step}.pdf" for step in STEPS} <= files.keys()
    assert check(made.file).is_whole


def test_what_does_not_fit_together_during_a_step_is_told_and_is_no_alteration(
    engagement: Engagement, tmp_path: Path
) -> None:
    summary = engagement.paths.reports / "summary.json"
    kept = summary.read_text(encoding="utf-8")
    summary.write_text(kept.replace('"created": 2', '"created": 1').replace('"source": 3', '"source": 2'), "utf-8")
    try:
        made = make(engagement, "engineer", tmp_path / "b.zip")
    finally:
        summary.write_text(kept, encoding="utf-8")
    words = ["accounts: ticket, created: 2 records are listed, not 1"]
    assert made.unsettled == {"Accounts": words}
    assert "Not the end of a migration." in read(made.file)["README.html"].decode()
    found = {one.name: one for one in check(made.file).checks}
    assert (found["Accounts"].state, list(found["Accounts"].words)) == ("not settled", words)
    assert not failed(made.file)
    more = b"ticket,9,,created,1,,,,,,2026-11-20\r\n"
    other = with_file(made.file, tmp_path / "c.zip", "accounts/ticket-created.csv", lambda text: text + more)
    assert "accounts: ticket, created" in failed(other)["Accounts"][0]


def test_a_damaged_list_makes_no_bundle_and_is_not_quoted(engagement: Engagement, tmp_path: Path) -> None:
    file = engagement.paths.reports / "accounts" / "ticket-created.csv"
    kept = file.read_bytes()
    file.write_bytes(kept + b"ticket,9,,created,Ann,,,,,,2026-11-20\r\n")
    try:
        with pytest.raises(StorageError, match="Accounts: this cannot be counted") as raised:
            make(engagement, "engineer", tmp_path / "b.zip")
    finally:
        file.write_bytes(kept)
    assert "Ann" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


# --- checking it ---------------------------------------------------------------------------------------


def test_what_was_made_passes_every_check(engineers: Bundle, shared: Bundle) -> None:
    for bundle in (engineers, shared):
        root = json.loads(read(bundle.file)["manifest.json"])["roots"]["actual"]
        found = check(bundle.file, manifest=bundle.manifest, root=root)
        assert {one.name: one.state for one in found.checks} == dict.fromkeys(
            (
                "Archive",
                "Files",
                "Manifest",
                "Root",
                "Hash tree",
                "Roots",
                "Ledger",
                "Accounts",
                "Signatures",
                "Reports",
            ),
            "passed",
        ), found.checks
        assert found.is_whole


def test_a_byte_altered_anywhere_is_found_and_the_file_is_named(engineers: Bundle, tmp_path: Path) -> None:
    """Every 23rd byte of a small bundle, and every byte of what is no content."""
    small = rebuilt(
        engineers.file,
        tmp_path / "small.zip",
        {path: None for path in read(engineers.file) if not path.startswith("hash")},
    )
    whole = small.read_bytes()
    with zipfile.ZipFile(small) as archive:
        headers = {at + n for one in archive.infolist() for at in [one.header_offset] for n in range(45)}
        places = sorted({*range(0, len(whole), 23), *headers, *range(archive.start_dir, len(whole))})
    names = {*read(small), "the archive itself"}
    missed = {line for lines in failed(small).values() for line in lines}  # what it lacks, to be small
    assert missed == {f"{path}: is not there, and every bundle has it" for path in MADE if path != MANIFEST}
    altered = tmp_path / "altered.zip"
    for at in places:
        altered.write_bytes(whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :])
        words = [line for lines in failed(altered).values() for line in lines if line not in missed]
        assert words, at
        assert any(line.startswith(tuple(names)) for line in words), words


@pytest.mark.parametrize("how", ["cut", "longer", "before", "packed anew", "emptied", "no archive"])
def test_another_archive_of_the_same_files_is_another_archive(engineers: Bundle, tmp_path: Path, how: str) -> None:
    other, whole = tmp_path / "other.zip", engineers.file.read_bytes()
    if how == "packed anew":
        with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in read(engineers.file).items():
                archive.writestr(path, content)
    else:
        other.write_bytes({"cut": whole[:-9], "longer": whole + b"x", "before": b"x" + whole, "emptied": b""}.get(
            how, b"no archive at all"))  # fmt: skip
    words = failed(other)
    assert words
    names = ("the archive itself: ", *(f"{path}: " for path in read(engineers.file)))
    assert all(line.startswith((*names, "and ")) for lines in words.values() for line in lines), words


def with_file(bundle: Path, to: Path, path: str, change: Any) -> Path:
    return rebuilt(bundle, to, {path: change(read(bundle)[path])})


def as_json(change: Any) -> Any:
    def changed(content: bytes) -> bytes:
        document = json.loads(content)
        change(document)
        return json.dumps(document).encode()

    return changed


ALTERED = {
    "a record of the hash tree": (
        "hash_tree/ticket.csv", lambda text: text.replace(b"\n2,", b"\n22,"), "Hash tree", "ticket.csv: ticket 2"),
    "a root": (
        "hash_tree/roots.json", as_json(lambda one: one.update(root_actual="0" * 64)), "Roots",
        "manifest.json: its roots"),
    "the report": (
        f"runs/{RUN}/06_reconcile.html", lambda text: b"<p>all is well</p>", "Roots", "html: it does not show"),
    "a number of the summary": (
        "summary.json", as_json(lambda one: one["objects"]["ticket"].update(created=3, source=4)), "Accounts",
        "accounts: ticket, created: 2 records are listed, not 3"),
    "a sum": (
        "summary.json", as_json(lambda one: one["objects"]["ticket"].update(source=4)), "Accounts", "do not add up"),
    "a list": (
        "accounts/ticket-skipped.csv", lambda text: text + text.splitlines()[1] + b"\r\n", "Accounts", "2 records"),
    "a signature": (
        "parameters/signoffs.yaml", lambda text: text.replace(b"by: Margit Olsen", b"by: Somebody Else", 1),
        "Signatures", "the signature of mapping is not the one"),
    "the mapping": (
        "parameters/mapping.yaml", lambda text: text.replace(b"becomes: closed", b"becomes: open", 1), "Signatures",
        "parameters/mapping.yaml: its hash is"),
    "a row of the ledger": (
        "ledger.json", as_json(lambda one: one["chained"][0].update(at="2020-01-01")), "Ledger", "was altered"),
    "what the ledger states": (
        "ledger.json", as_json(lambda one: one["chained"].pop()), "Ledger", "does not end with the row"),
    "a step's report": (f"runs/{RUN}/05_load.html", lambda text: None, "Reports", "05_load.html: is not in the bundle"),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERED)
def test_what_is_altered_with_everything_around_it_is_found_by_what_else_says_it(
    engineers: Bundle, tmp_path: Path, what: str
) -> None:
    path, change, name, words = ALTERED[what]
    other = with_file(engineers.file, tmp_path / "other.zip", path, change)
    found = failed(other, manifest=engineers.manifest)
    assert "Manifest" in found
    assert "Archive" not in found
    assert any(words in line for line in found[name]), found


def test_a_manifest_that_tells_other_roots_or_another_head_is_found(engineers: Bundle, tmp_path: Path) -> None:
    text = read(engineers.file)["manifest.json"].decode()
    manifest = Manifest.read(text)
    assert manifest.text() == text
    other = replace(manifest, roots={"expected": "00", "actual": "00"}, ledger={"rows": 1, "head": "00"})
    assert Manifest.read(other.text()) == other
    assert "not the one that was given" in str(failed(engineers.file, root="0" * 64)["Root"])
    assert "Manifest" in failed(engineers.file, manifest="")  # as of a variable of a shell that is not set


GONE = {
    "hash_tree/": "Roots", "accounts/": "Accounts", "summary.json": "Accounts", "ledger.json": "Files",
    "parameters/signoffs.yaml": "Signatures", "parameters/mapping.yaml": "Signatures", "README.html": "Files",
}  # fmt: skip


def test_what_was_taken_out_of_a_bundle_that_was_made_anew_is_missed(engineers: Bundle, tmp_path: Path) -> None:
    paths = read(engineers.file)
    for gone, name in GONE.items():
        other = rebuilt(engineers.file, tmp_path / "b.zip", {path: None for path in paths if path.startswith(gone)})
        assert gone.rstrip("/") in str(failed(other)[name]), gone
    assert "Files" in failed(rebuilt(engineers.file, tmp_path / "b.zip", dict.fromkeys(paths)))


def test_no_file_is_called_so_that_it_would_be_unpacked_elsewhere(engineers: Bundle, tmp_path: Path) -> None:
    names = ["/etc/a", "../../a", "a/../b", "a//b", "", "a/", "a\\b", "C:/a", "a\x1b[31m", "twice", "twice"]
    old = Manifest.read(read(engineers.file)["manifest.json"].decode())
    with (tmp_path / "b.zip").open("w+b") as stream:
        writer = Writer(stream)
        for name in [*sorted(names), "manifest.json", "afterwards"]:
            writer.add(name, io.BytesIO(b"x"), 1)
        text = replace(old, files=tuple(writer.entries)).text().encode()
        writer.add("manifest.json", io.BytesIO(text), len(text))
        writer.close(comment(text))
    wrong = {line.rpartition(": ")[0] for line in failed(tmp_path / "b.zip")["Files"]}
    assert {*names, "afterwards", "manifest.json"} <= wrong
    told = CliRunner().invoke(app, ["verify", str(tmp_path / "b.zip")])
    assert told.exit_code == 1
    assert "\x1b[31m" not in told.output


# --- by command ----------------------------------------------------------------------------------------


def test_the_commands_make_and_check_and_verify_needs_nothing_else(
    home: Path, engineers: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATOR_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    told = CliRunner().invoke(app, ["evidence", "demo", "--profile", "share", "--to", str(tmp_path / "b.zip")])
    assert told.exit_code == 0, told.output
    assert "Any 40 letters of 4 messages and comments of 4 (all of them). None." in " ".join(told.output.split())
    assert CliRunner().invoke(app, ["verify", str(tmp_path / "b.zip"), "--ledger", "demo"]).exit_code == 0
    assert CliRunner().invoke(app, ["evidence", "demo", "--profile", "other"]).exit_code == 2
    monkeypatch.setenv("MIGRATOR_HOME", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, ["verify", str(engineers.file), "--json"])
    assert (told.exit_code, json.loads(told.output)["ok"]) == (0, True)
    told = CliRunner().invoke(app, ["verify", str(engineers.file)])
    assert "That it was not made anew as a whole is not shown" in told.output
    told = CliRunner().invoke(app, ["verify", str(engineers.file), "--manifest", engineers.manifest.upper()])
    assert "Nothing was altered: it is the bundle that was made." in told.output
    told = CliRunner().invoke(app, ["verify", str(engineers.file), "--manifest", "0" * 64])
    assert told.exit_code == 1
    assert "It is not as it was made" in told.output
    told = CliRunner().invoke(app, ["verify", str(tmp_path / "none.zip")])
    assert told.exit_code == 1
    assert "none.zip could not be read: No such file or directory" in told.stderr


def test_a_bundle_of_another_engagement_is_not_noted(home: Path, engineers: Bundle, tmp_path: Path) -> None:
    other = shutil.copytree(home, tmp_path / "other", ignore=shutil.ignore_patterns("*.sqlite3*"))
    environment = {"MIGRATOR_HOME": str(other), "COLUMNS": "200", "PATH": os.environ["PATH"]}
    told = CliRunner().invoke(app, ["verify", str(engineers.file), "--ledger", "demo"], env=environment)
    assert told.exit_code == 1
    assert "does not note it" in told.output
