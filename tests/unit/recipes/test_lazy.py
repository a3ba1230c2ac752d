"""Lazy variants of a recipe: part of its meaning, and made alone or with all others when they are needed."""

from pixelfleet.recipes import parse
from pixelfleet.recipes.lazy import alone, lazy_variant, lazy_variants, with_lazy

EAGER = 'name = "mine"\ndpi = 72\n[[variants]]\nname = "thumb"\nbox = 100\n[[variants]]\nname = "large"\nbox = 900\n'
TEXT = EAGER + "lazy = true\n"


def test_a_variant_is_made_at_the_upload_unless_it_is_lazy() -> None:
    assert lazy_variants(parse(EAGER, "x")) == ()
    assert [variant.name for variant in lazy_variants(parse(TEXT, "x"))] == ["large"]


def test_only_a_lazy_variant_of_the_recipe_is_found_by_its_name() -> None:
    recipe = parse(TEXT, "x")
    assert lazy_variant(recipe, "large") == recipe.variants[1]
    assert lazy_variant(recipe, "thumb") is None
    assert lazy_variant(recipe, "other") is None


def test_lazy_is_a_part_of_the_digest_and_of_the_text() -> None:
    lazy, eager = parse(TEXT, "x"), parse(EAGER, "x")
    assert lazy.digest != eager.digest
    assert parse(lazy.to_text(), "again") == lazy
    assert parse(EAGER + "lazy = false\n", "x").digest == eager.digest


def test_a_lazy_variant_is_made_alone_with_the_fields_of_its_recipe() -> None:
    recipe = parse(TEXT, "x")
    made = alone(recipe, recipe.variants[1])
    assert [(variant.name, variant.box, variant.lazy) for variant in made.variants] == [("large", (900, 900), False)]
    assert (made.name, made.dpi) == ("mine", 72)
    assert parse(made.to_text(), "child") == made


def test_a_recipe_without_lazy_variants_stays_as_it_is_and_one_with_them_becomes_eager() -> None:
    eager, lazy = parse(EAGER, "x"), parse(TEXT, "x")
    assert with_lazy(eager) is eager
    # A digest that was computed before is not carried over.
    assert lazy.digest != with_lazy(lazy).digest
    assert with_lazy(lazy).digest == eager.digest
