"""Handoff: what Gorgias has no place for, and what people finish by hand, as documents to work from."""

from migrator_lib.handoff.documents import write_all, written

__all__ = ["write_all", "written"]
