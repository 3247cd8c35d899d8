"""The hash tree of a real verification: what was changed in the account is in it, and nothing else is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from migrator_lib.hash_tree import check
from migrator_lib.hash_tree.files import ROOTS, ObjectRoots, Roots
from migrator_lib.hash_tree.recorder import Recorder
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Reconciler, Reconciliation
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.staging import Staged
from tests.hash_tree.written import SECRET
from tests.loading import TARGET, load, ticket
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias


class Verifying:
    """Verifies one loaded shop as often as asked."""

    def __init__(self, shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, folder: Path) -> None:
        self.shop, self.gorgias, self.ledger, self.folder = shop, gorgias, ledger, folder
        self.staged: Staged = shop.stage()
        load(shop, gorgias.api, ledger, self.staged)

    def verify(self, name: str) -> tuple[Reconciliation, dict[str, ObjectRoots]]:
        progress = Progress(self.shop.folder / "progress.json", "06_reconcile")
        folder = self.folder / name
        folder.mkdir()
        read = ReadBack(self.shop.folder / "readback.sqlite3", "demo")
        with closing(read), closing(Recorder(SECRET)) as recorder:
            read.read(self.gorgias.api, progress)
            found = Reconciler(
                ledger=self.ledger, target=TARGET, staged=self.staged, lookups=self.shop.lookups(self.staged),
                read=read, progress=progress, witness=recorder,
            ).run()  # fmt: skip
            objects = recorder.write(folder, str.capitalize, found.counts)
        roots = Roots("demo", "06_reconcile", name, "2026-11-20T10:00:00+00:00", 1, "ab" * 32, "cd" * 8, objects)
        (folder / ROOTS).write_text(roots.text())
        assert check(folder) == []
        return found, {one.object: one for one in objects}

    def differing(self, name: str, obj: str) -> dict[str, set[str]]:
        """Source key to the fields that differ, as the file of an object tells."""
        head, *lines = (self.folder / name / f"{obj}.csv").read_text().splitlines()
        rows = [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]
        return {
            row["key"]: {name for name, cell in row.items() if ">" in cell} or {row["sides"]}
            for row in rows
            if row["sides"] != "both" or any(">" in cell for cell in row.values())
        }

    def put(self, kind: str, document: dict[str, Any], **fields: Any) -> None:
        document.update(fields)
        parent = document.get("ticket_id") if kind == "message" else (document.get("customer") or {}).get("id")
        self.gorgias.account.store.put(kind, document, parent=parent)


def test_every_record_that_is_compared_is_under_a_root_and_only_what_was_changed_differs(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, tmp_path: Path
) -> None:
    verifying = Verifying(shop, gorgias, ledger, tmp_path)
    found, before = verifying.verify("before")
    assert found.wrong == 0
    assert all(one.same and one.differ == 0 for one in before.values())
    own = {"ticket", "ticket_message", "ticket_comment", "requester", "department", "ticket_field", "attachment"}
    assert own <= before.keys()
    matched = list(ledger.entries(TARGET, state="matched"))
    for obj in own - {"attachment"}:  # what others made is compared by its name alone
        of_others = sum(entry.object == obj for entry in matched)
        assert before[obj].records == sum(found.counts[obj].values()) - of_others, obj

    store = gorgias.account.store
    changed, gone = ticket(gorgias.account, 1), ticket(gorgias.account, 2)
    verifying.put("ticket", changed, subject="Something else", status="open")
    first = next(m for m in store.by("message", "parent", changed["id"]) if m["external_id"])
    verifying.put("message", first, public=not first["public"])
    store.delete("ticket", gone["id"])
    found, after = verifying.verify("after")
    assert found.wrong > 0
    meant = [{name: one.expected for name, one in each.items() if name != "ticket"} for each in (before, after)]
    assert meant[0] == meant[1]  # of a ticket that is there, what Gorgias chose counts as meant
    assert verifying.differing("after", "ticket") == {"1": {"subject"}, "2": {"expected"}}
    obj, _, key = str(first["external_id"]).removeprefix("st:demo:").partition(":")
    assert verifying.differing("after", obj).get(key) == {"public"}
    assert (after["ticket"].differ, after["requester"].differ) == (2, 0)
