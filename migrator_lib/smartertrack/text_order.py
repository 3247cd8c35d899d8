"""Text in an order of its own, whatever the collation of the column.

Pages go on behind a key. Under a collation 'A' and 'a', or 'x' and 'x ', may be the same, so a page that ends between
them would lose the second; and the order would differ from engine to engine. So keys of text are ordered and compared
by their bytes: UTF-8 everywhere but on SQL Server, whose Unicode is UTF-16. No index helps with that, which is
bearable: no large table has such a key.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class text_bytes(FunctionElement[Any]):  # noqa: N801  (it is used like a function)
    """The bytes of a text, as something to order and compare by."""

    type = sa.types.NullType()
    inherit_cache = True


def _write(form: str) -> Any:
    def compile_(element: text_bytes, compiler: SQLCompiler, **options: Any) -> str:
        return form.format(compiler.process(element.clauses, **options))

    return compile_


compiles(text_bytes)(_write("CAST({} AS TEXT) COLLATE BINARY"))
compiles(text_bytes, "postgresql")(_write('CAST({} AS TEXT) COLLATE "C"'))
for _dialect in ("mysql", "mariadb"):
    compiles(text_bytes, _dialect)(_write("CAST(CONVERT({} USING utf8mb4) AS BINARY)"))
compiles(text_bytes, "mssql")(_write("CAST(CAST({} AS NVARCHAR(4000)) AS VARBINARY(8000))"))
