"""One staged table: its chunks in order, by columns, or by a range of its first key, in constant memory.

Footers are read once. A range reads the row groups that may hold it: chunks are in the order of the key.
(``pyarrow.dataset`` would do the same, and takes 1.5 s to import in every notebook.)
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrator_lib.chunks import BadValue, bad_values
from migrator_lib.errors import StorageError


class StagedTable:
    """The chunks that were there when it was made.

    Everything here raises StorageError where a chunk is damaged, or cannot be read.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._chunks = [(file, _footer(file)) for file in files]

    @property
    def rows(self) -> int:
        """Return the number of rows, from the footers alone."""
        return sum(metadata.num_rows for _, metadata in self._chunks)

    def bad_values(self, table: str) -> list[BadValue]:
        """Return the values and rows that could not be read, from the footers alone; ``table`` is this one's name."""
        return [bad for _, metadata in self._chunks for bad in bad_values(table, metadata)]

    def batches(self, columns: Sequence[str] | None = None, size: int = 10_000) -> Iterator[Any]:
        """Yield record batches of up to ``size`` rows, of all columns or of these."""
        for file, metadata in self._chunks:
            with _whole(file), pq.ParquetFile(file, metadata=metadata) as chunk:
                yield from chunk.iter_batches(batch_size=size, columns=list(columns) if columns else None)

    def values(self, column: str) -> Iterator[Any]:
        """Yield the values of one column."""
        for batch in self.batches([column]):
            yield from batch.column(0).to_pylist()

    def between(self, low: int, high: int) -> list[dict[str, Any]]:
        """Return the rows whose first key is from ``low`` to ``high``, both included."""
        found: list[dict[str, Any]] = []
        for (file, metadata), ranges in zip(self._chunks, self._ranges, strict=True):
            groups = [n for n, (first, last) in enumerate(ranges) if first <= high and last >= low]
            if groups:
                with _whole(file), pq.ParquetFile(file, metadata=metadata) as chunk:
                    found += _between(chunk.read_row_groups(groups), low, high).to_pylist()
        return found

    def batches_of(
        self, ids: Collection[int], columns: Sequence[str] | None = None, size: int = 10_000
    ) -> Iterator[Any]:
        """Yield record batches of up to ``size`` rows whose first key is one of ``ids``, of all columns or of some."""
        wanted = sorted(ids)
        among = pa.array(wanted, pa.int64())
        names = list(columns) if columns else None
        for (file, metadata), ranges in zip(self._chunks, self._ranges, strict=True):
            groups = [n for n, (first, last) in enumerate(ranges) if bisect_left(wanted, first) < bisect(wanted, last)]
            if groups:
                with _whole(file), pq.ParquetFile(file, metadata=metadata) as chunk:
                    for batch in chunk.iter_batches(batch_size=size, row_groups=groups, columns=names):
                        yield batch.filter(pc.is_in(batch.column(0), value_set=among))

    @cached_property
    def _ranges(self) -> list[list[tuple[float, float]]]:
        """For every chunk, the lowest and the highest id of each of its row groups."""
        return [[_range(data.row_group(n)) for n in range(data.num_row_groups)] for _, data in self._chunks]


def _range(group: Any) -> tuple[float, float]:
    """Return the ids that a row group may hold: those of its first column."""
    statistics = group.column(0).statistics
    if statistics is None or not statistics.has_min_max:
        return float("-inf"), float("inf")
    return statistics.min, statistics.max


def _footer(file: Path) -> Any:
    with _whole(file):
        return pq.read_metadata(file)


@contextmanager
def _whole(file: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0].rstrip(".")
        raise StorageError(
            f"The staged chunk {file} is damaged, or cannot be read: {reason}.",
            next_step="run 04_extract again: it reads that chunk and all behind it anew (one of a delta: with "
            "start_again).",
        ) from error


def _between(table: Any, low: int, high: int) -> Any:
    first = table.column(0)
    return table.filter(pc.and_(pc.greater_equal(first, pa.scalar(low)), pc.less_equal(first, pa.scalar(high))))
