"""``python -m tests.world --first 0 --step 2 --faults 1000``: live through worlds until enough went wrong in them.

Prints one line of JSON when enough did, or when a world is not as it should be. ``--seed N`` lives through one alone
and prints all that happens in it. Exit codes: 0 all is as it should be, 1 one world is not.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback

from tests.world.world import Tally, World, live

SHOWN = 200


def main() -> int:
    """Live through what the arguments ask for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.world")
    parser.add_argument("--seed", type=int, help="one world alone, told in full")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--step", type=int, default=1, help="from seed to seed")
    parser.add_argument("--faults", type=int, default=1000, help="how much is to go wrong")
    asked = parser.parse_args()
    return tell(asked.seed) if asked.seed is not None else many(asked.first, asked.step, asked.faults)


def tell(seed: int) -> int:
    """Live through one world, and print what happens in it."""
    world = World(seed)
    try:
        tally = world.run()
    except BaseException:
        print("\n".join(world.log[-SHOWN:]))
        traceback.print_exc()
        return 1
    finally:
        world.close()
    print("\n".join(world.log))
    print(f"seed {seed}: {tally.injected} faults and deaths, {tally.runs} runs, {tally.hours:,.0f} h; {tally.trace}")
    return 0


def many(first: int, step: int, faults: int) -> int:
    """Live through worlds until so much went wrong in them, and print the sums."""
    began, seed, sums, failed = time.monotonic(), first, Tally(first), None
    worlds = 0
    while failed is None and sums.injected < faults:
        try:
            sums += live(seed)
        except Exception as error:
            failed = {"seed": seed, "words": f"{type(error).__name__}: {error}"}
            continue
        worlds, seed = worlds + 1, seed + step
    told = {"worlds": worlds, "faults": sums.faults, "deaths": sums.deaths, "away": sums.away, "hours": sums.hours,
            "runs": sums.runs, "seconds": time.monotonic() - began, "failed": failed}  # fmt: skip
    print(json.dumps(told))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
