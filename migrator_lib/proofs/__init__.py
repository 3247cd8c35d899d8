"""Sandbox proofs: what Gorgias' documentation leaves open is asked of the sandbox account, and the loader follows.

Every point that is marked UNVERIFIED or CONFLICT and that the loader relies on is one named probe. The modules hold
them by subject; :mod:`migrator_lib.proofs.catalogue` lists all, :mod:`migrator_lib.proofs.asking` asks them and keeps
the answers, :mod:`migrator_lib.proofs.behaviour` is what the loader does by them.
"""
