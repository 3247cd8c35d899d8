"""Proof of completeness: a hash tree over every record of each object, as it should be and as it was read back.

``tree`` is the tree itself, ``line`` what it holds of a record, ``recorder`` writes the files while a verification goes
on, ``check`` tells from the files alone whether one was altered, and which record.
"""

from migrator_lib.hash_tree.check import Problem, check
from migrator_lib.hash_tree.files import FOLDER, Roots
from migrator_lib.hash_tree.report import proof

__all__ = ["FOLDER", "Problem", "Roots", "check", "proof"]
