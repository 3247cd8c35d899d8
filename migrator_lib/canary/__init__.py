"""Canaries: three made-up tickets that go first, the way all others will go, and must stay as silent as history.

They are sent once for each engagement and account, watched, read back, and removed again. What an account shows is
checked here; what only a mailbox shows is stated by a person, by signing the gate ``silence``.
"""

from migrator_lib.canary.content import Content
from migrator_lib.canary.flight import Canaries, Proof, digest_of, still_there
from migrator_lib.canary.proof import Finding

__all__ = ["Canaries", "Content", "Finding", "Proof", "digest_of", "still_there"]
