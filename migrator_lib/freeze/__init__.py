"""The rehearsal of the freeze: the last days of changes, loaded into a simulated account, say how long a cutover takes.

:mod:`~migrator_lib.freeze.rewind` takes the staged tickets back to what they were on each day,
:mod:`~migrator_lib.freeze.replay` loads each day's changes as the delta they would have been,
:mod:`~migrator_lib.freeze.prediction` adds up what the whole freeze takes, and
:mod:`~migrator_lib.freeze.pages` shows it.
"""

from migrator_lib.freeze.prediction import Day, Measured, Part, Prediction, Result, predict
from migrator_lib.freeze.rehearsal import is_quick, kept, rehearse

__all__ = ["Day", "Measured", "Part", "Prediction", "Result", "is_quick", "kept", "predict", "rehearse"]
