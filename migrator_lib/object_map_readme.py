"""Writes the object map into README, with the numbers of the last run of the demo: ``make map``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from migrator_lib import object_map
from migrator_lib.storage import beside

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- the object map, written by `make map` -->\n", "<!-- end of the object map -->\n"
NUMBERS = re.compile(r"(?<=\| )[\d,]+(?:: [\d,]+ [a-z ]+(?:, [\d,]+ [a-z ]+)*)?(?= \|$)", re.MULTILINE)
"""The cells of a table's last column."""


def table_of(text: str) -> str:
    """Return the map that a README holds."""
    return text.partition(BEGIN)[2].partition(END)[0]


def without_numbers(table: str) -> str:
    """Return a map without its last column's numbers, which are a run's."""
    return NUMBERS.sub("", table)


def written(text: str, numbers: Mapping[str, Mapping[str, int]]) -> str:
    """Return a README with the map brought up to date."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return before + begin + object_map.markdown(numbers) + end + after


def main() -> None:
    """Bring README up to date."""
    file, summary = ROOT / "README.md", ROOT / "reports" / "demo" / "summary.json"
    numbers = json.loads(summary.read_text(encoding="utf-8"))["objects"]
    text = written(file.read_text(encoding="utf-8"), numbers)
    with beside(file) as place:
        place.write_text(text, encoding="utf-8")
    print(f"The object map of {file.name} is up to date.")


if __name__ == "__main__":
    main()
