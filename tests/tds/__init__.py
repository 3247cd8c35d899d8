"""A small server that speaks TDS, so that the real driver of SQL Server is driven where there is no SQL Server.

It serves an SQLite file read-only, with the types that its tables would have on SQL Server. For tests alone.
What is written on the wire follows Microsoft's [MS-TDS], version 7.4.
"""
