"""`python -m tests.simulation` runs seeds on all cores and shows the shortest trace of a failing seed."""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator

from tests.simulation.campaign import Campaign, Summary, summary_of
from tests.simulation.shrink import shortest
from tests.simulation.simulation import run_seed

#: Seeds that one process takes at a time.
CHUNK = 10
#: Seeds after which a campaign prints its progress.
REPORT_EVERY = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this seed alone and print its whole trace")
    parser.add_argument("--steps", type=int, help="go on until so many steps are done, instead of --seeds")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes, whatever is left")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--traces", type=int, default=1, help="failing invariants whose shortest trace is printed")
    options = parser.parse_args()
    if options.seed is not None:
        return _one(options.seed)
    campaign = Campaign()
    began = time.monotonic()
    without_end = options.steps or options.minutes
    seeds = range(options.first, options.first + 10**9 if without_end else options.first + options.seeds)
    for summary in _outcomes(seeds, options.jobs):
        campaign.add(summary)
        seconds = time.monotonic() - began
        if campaign.seeds % REPORT_EVERY == 0:
            print(campaign.report(seconds), file=sys.stderr, flush=True)
        if options.steps and campaign.steps >= options.steps:
            break
        if options.minutes and seconds >= 60 * options.minutes:
            break
    print(campaign.report(time.monotonic() - began))
    for invariant, seed in list(campaign.first_seed.items())[: options.traces]:
        print(f"\nseed {seed} breaks: {invariant}. The shortest trace that still does:\n")
        print(shortest(seed, invariant).trace.table())
    return 1 if campaign.first_seed else 0


def _one(seed: int) -> int:
    outcome = run_seed(seed)
    print(outcome.trace.table())
    print(f"\nseed {seed}: {outcome.steps:,} steps, {sum(outcome.faults.values())} faults")
    for violation in outcome.violations:
        print(f"broken: {violation}")
    return 1 if outcome.violations else 0


def _outcomes(seeds: Iterable[int], jobs: int) -> Iterator[Summary]:
    if jobs == 1:
        yield from map(summary_of, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(summary_of, seeds, CHUNK)


if __name__ == "__main__":
    sys.exit(main())
