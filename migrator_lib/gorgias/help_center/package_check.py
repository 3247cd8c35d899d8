"""Whether a package is what it says: every file as its manifest has it, and its lists fit one another."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


def files_of(folder: Path) -> list[str]:
    """Return the files below a folder, in order."""
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def check(folder: Path) -> list[str]:
    """Return what of a package is not as it should be; nothing where all is right.

    Raises:
        OSError: it cannot be read.
    """
    if not (folder / MANIFEST).is_file():
        return ["there is no manifest"]
    listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    broken = [*_files(folder, listed)]
    return broken or [*_lists(folder)]


def _files(folder: Path, listed: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name in files_of(folder):
        if name not in listed and name != MANIFEST:
            yield f"{name} is not listed"
    for name, told in listed.items():
        file = folder / name
        if not file.is_file():
            yield f"{name} is not there"
        elif hashlib.sha256(file.read_bytes()).hexdigest() != told["sha256"]:
            yield f"{name} was changed"


def _lists(folder: Path) -> Iterator[str]:
    articles, categories, images, redirects = (
        read_list(folder / f"{name}.csv") for name in ("articles", "categories", "images", "redirects")
    )
    known = {row["category"] for row in categories}
    for row in articles:
        if not (folder / row["html_file"]).is_file():
            yield f"articles.csv: {row['html_file']} is not there"
        if row["category"] and row["category"] not in known:
            yield f"articles.csv: the category {row['category']} is not in categories.csv"
    for row in images:
        if not (folder / row["file"]).is_file():
            yield f"images.csv: {row['file']} is not there"
    addresses = Counter((row["locale"], row["slug"]) for row in articles)
    yield from (f"articles.csv: {slug} is there twice for {locale}" for (locale, slug), n in addresses.items() if n > 1)
    for row in redirects:
        if (row["locale"], row["to_slug"]) not in addresses:
            yield f"redirects.csv: {row['to_slug']} is no article for {row['locale']}"


def read_list(file: Path) -> list[dict[str, str]]:
    """Return the rows of a list, each column under its name."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
