"""The simulator detects faults: each known fault, put back, breaks the invariant that its patch names."""

import subprocess

import pytest

from tests.simulation.mutation import MOST_SEEDS, NEARBY, ROOT, Mutant, apply, mutants, seeds_until_found


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.path.stem)
def test_a_mutant_applies_to_the_code_as_it_is(mutant: Mutant) -> None:
    try:
        apply(mutant, ROOT, check_only=True)
    except subprocess.CalledProcessError as error:
        pytest.fail(f"write {mutant.path.name} anew: {error.stderr}")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "mutant", [one for one in mutants() if one.seed is not None], ids=lambda mutant: mutant.path.stem
)
def test_a_mutant_is_caught_from_its_seed_on(mutant: Mutant) -> None:
    seeds = seeds_until_found(mutant, NEARBY, mutant.seed or 0)
    assert seeds is not None, f"hunt it anew: python -m tests.simulation.mutation {mutant.path.name}"


@pytest.mark.mutation
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.path.stem)
def test_a_mutant_is_caught(mutant: Mutant) -> None:
    assert seeds_until_found(mutant, MOST_SEEDS, mutant.first) is not None
