"""What was read back, kept on disk: what a disk's refusal ends with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib.errors import StorageError
from migrator_lib.gorgias.contract.replies import Customer
from migrator_lib.ledger import Ledger
from migrator_lib.objects import SETUP
from migrator_lib.progress import Progress
from migrator_lib.reconcile.readback import ReadBack, list_of
from tests.loading import TARGET, load
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias


def test_a_disk_that_becomes_full_is_said_with_what_to_do_next_and_the_snapshot_can_still_be_removed(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, tmp_path: Path
) -> None:
    load(shop, gorgias.api, ledger)
    file = tmp_path / "readback.sqlite3"
    read = ReadBack(file, "demo")
    (pages,) = read._connection.execute("PRAGMA page_count").fetchone()
    read._connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageError, match=r"readback\.sqlite3.+could not be written.+disk is full") as caught:
        read.read(gorgias.api, Progress(tmp_path / "progress.json", "06_reconcile"))
    assert "make room" in caught.value.next_step
    read.close()
    assert not file.exists()


def test_values_of_our_customers_are_asked_for_where_a_list_comes_without_them(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(shop, gorgias.api, ledger)
    gorgias.api.customers.create({"name": "Another", "channels": []})
    whole = gorgias.api.customers.pages

    def without_values() -> Iterator[list[Customer]]:
        for page in whole():
            yield [
                Customer.model_validate({n: v for n, v in c.as_json().items() if n != "custom_fields"}) for c in page
            ]

    monkeypatch.setattr(gorgias.api.customers, "pages", without_values)
    read = ReadBack(tmp_path / "readback.sqlite3", "demo")
    read.read(gorgias.api, Progress(tmp_path / "progress.json", "06_reconcile"))
    read.close()
    ours = ledger.counts(TARGET)["requester"]["created"] + ledger.counts(TARGET)["organization"]["created"]
    assert gorgias.account.stats.by_endpoint["GET customers/{id}/custom-fields"] == ours


def test_a_list_that_several_objects_have_in_common_is_read_once(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, tmp_path: Path
) -> None:
    load(shop, gorgias.api, ledger)
    lists: dict[tuple[str, str], list[object]] = {}
    for obj in SETUP:
        told = [(natural, thing.as_json()) for natural, thing in obj.listed(gorgias.api)]
        assert lists.setdefault(list_of(obj), told) == told
    gorgias.account.stats.by_endpoint.clear()
    read = ReadBack(tmp_path / "readback.sqlite3", "demo")
    read.read(gorgias.api, Progress(tmp_path / "progress.json", "06_reconcile"))
    read.close()
    assert (gorgias.account.stats.by_endpoint["GET teams"], gorgias.account.stats.by_endpoint["GET tags"]) == (1, 1)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="could not be written") as caught:
        ReadBack(tmp_path / "state" / "readback.sqlite3", "demo")
    assert "make room" in caught.value.next_step
