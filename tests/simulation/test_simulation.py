"""Seeds of the simulator: in each, every invariant must hold. `make simulate` runs more."""

import time

import pytest

import worker.sqs.receive
from tests.simulation.campaign import summary_of
from tests.simulation.kinds import FIRST, Kind
from tests.simulation.simulation import Simulation, run_seed

ALIASED, VISITED = FIRST[Kind.ALIASED], FIRST[Kind.VISITED]
MOVED, ADOPTED, ROLLED_OUT = FIRST[Kind.MOVED], FIRST[Kind.ADOPTED], FIRST[Kind.ROLLED_OUT]
PURGED = FIRST[Kind.PURGED]
#: Seeds of one test, and tests of `make test`: 80 seeds.
SEEDS = 40
QUICK = 2
#: Seeds with aliases, and seeds with visitors, in `make test`.
FEW = 15
#: Seeds of each other kind in `make test`.
VERY_FEW = 8
#: The tests of `make test-slow`: 2,920 seeds, so that both run 3,000.
SLOW = range(100_000, 102_920, SEEDS)


def broken(first: int, seeds: int = SEEDS) -> dict[int, tuple[str, ...]]:
    """The invariants that break, by seed."""
    outcomes = {seed: summary_of(seed).broken for seed in range(first, first + seeds)}
    return {seed: invariants for seed, invariants in outcomes.items() if invariants}


@pytest.mark.parametrize("first", range(0, QUICK * SEEDS, SEEDS))
def test_every_invariant_holds(first: int) -> None:
    assert broken(first) == {}


def test_every_invariant_holds_where_images_claim_each_others_aliases() -> None:
    assert broken(ALIASED, FEW) == {}


def test_every_invariant_holds_where_visitors_ask_for_lazy_variants() -> None:
    assert broken(VISITED, FEW) == {}


@pytest.mark.parametrize("first", [MOVED, ADOPTED, ROLLED_OUT, PURGED])
def test_every_invariant_holds_where_images_are_moved_adopted_rolled_out_or_given_up(first: int) -> None:
    assert broken(first, VERY_FEW) == {}


def test_moves_rollouts_and_rollbacks_are_carried_out() -> None:
    seeds = (*range(MOVED, MOVED + 5), ROLLED_OUT + 3, ROLLED_OUT + 5)
    what = [event.what for seed in seeds for event in run_seed(seed).trace.events]
    assert any(text.startswith("the move ends: done: ") and " 0 images" not in text for text in what)
    assert any(text.startswith("the rollout ends: done, ") and " 0 made" not in text for text in what)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(VISITED + FEW, VISITED + FEW + 3 * SEEDS, SEEDS))
def test_every_invariant_holds_for_more_seeds_with_visitors(first: int) -> None:
    assert broken(first) == {}


def test_visitors_get_lazy_variants_from_dashboards_and_from_workers() -> None:
    what = [event.what for seed in range(VISITED, VISITED + 4) for event in run_seed(seed).trace.events]
    assert any(text.startswith("answers") and text.endswith(": 200") for text in what)
    assert any(text.startswith("answers") and text.endswith(": UNDER_WAY") for text in what)
    assert any(text.startswith("takes variant") for text in what)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(ALIASED + FEW, ALIASED + FEW + 3 * SEEDS, SEEDS))
def test_every_invariant_holds_for_more_seeds_with_aliases(first: int) -> None:
    assert broken(first) == {}


@pytest.mark.slow
@pytest.mark.parametrize("first", SLOW)
def test_every_invariant_holds_for_thousands_of_seeds(first: int) -> None:
    assert broken(first) == {}


@pytest.mark.parametrize("seed", [3, 7, 11])
def test_a_seed_repeats_to_the_letter(seed: int) -> None:
    assert run_seed(seed).trace.table() == run_seed(seed).trace.table()


def test_every_upload_succeeds_where_nothing_fails() -> None:
    uploads = 0
    for seed in range(12):
        simulation = Simulation(seed)
        simulation.environment.weather.over = True
        what = [event.what for event in simulation.run().trace.events]
        uploads += what.count("uploads") + what.count("uploads again")
        assert [text for text in what if text.startswith("uploads") and "fails" in text] == []
    assert uploads > 0


def test_a_simulation_leaves_the_modules_as_they_were() -> None:
    run_seed(1)
    assert vars(worker.sqs.receive)["time"] is time
