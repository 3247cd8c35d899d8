"""What is expected of the data, checked by Great Expectations at two gates: staged data, and what was read back.

:mod:`~migrator_lib.expectations.suites` says what is expected, for people to read; :mod:`~.facts` makes numbers of what
is checked, in which nothing of a record can be read; :mod:`~.running` is Great Expectations at work, which nothing
imports before it runs; :mod:`~.gate` puts them together.
"""
