"""Side effects: what in a Gorgias account would act on tickets that are imported.

Rules answer and tag, HTTP integrations call other systems, surveys go out, auto-merge fuses open tickets of one
customer (developers.gorgias.com and docs.gorgias.com, by name). ``found`` lists what is on, ``switch`` turns it off
and puts it back, and ``hands_off`` is what no API can turn off, for a person to look at. None of it is on while history
is loaded.
"""

from migrator_lib.side_effects.effect import Effect
from migrator_lib.side_effects.found import Found, look
from migrator_lib.side_effects.switch import Done, Switch, still_off

__all__ = ["Done", "Effect", "Found", "Switch", "look", "still_off"]
