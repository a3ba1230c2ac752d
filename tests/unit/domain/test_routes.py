"""Routes: the first route that matches takes the key, and a route that can never match is detected."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.keys import Place, place_of
from pixelfleet.domain.registry import (
    MOST_ROUTES,
    InUseError,
    Registry,
    StoredRecipe,
    with_recipe,
    with_route,
    without_recipe,
    without_route,
)
from pixelfleet.domain.routes import Route, Router, batch_pattern, in_order, never_matching
from pixelfleet.errors import SetupError

BUCKET = "uploads"


def route(match: str, route_id: str = "r1", **given: Any) -> Route:
    return Route(
        **{"route_id": route_id, "bucket": BUCKET, "match": match, "recipe": "web", "at": "", "who": ""} | given
    )


PARTS = st.sampled_from(["a", "b", "*", "**", "a*"])
MATCHES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
KEYS = st.lists(st.sampled_from(["a", "b", "ab", "uploads", "me"]), min_size=1, max_size=5).map("/".join)


@given(st.lists(st.tuples(MATCHES, st.integers(0, 2)), max_size=6), KEYS)
def test_the_first_matching_route_takes_a_key(matches: list[tuple[str, int]], key: str) -> None:
    routes = in_order(route(match, f"r{n}", priority=priority) for n, (match, priority) in enumerate(matches))
    assert [each.priority for each in routes] == sorted(each.priority for each in routes)
    matching = [each for each in routes if Router([each]).route_of(BUCKET, key) is not None]
    assert Router(routes).route_of(BUCKET, key) == (matching[0] if matching else None)
    assert Router(routes).route_of("other", key) is None
    # A route that can never match takes no key. Without such routes, every key goes to the same route as before.
    blocked = never_matching(routes)
    left = [each for each in routes if each.route_id not in blocked]
    assert Router(left).route_of(BUCKET, key) == Router(routes).route_of(BUCKET, key)


@given(KEYS, st.text("abz/{}*", max_size=12))
def test_a_key_that_names_its_place_keeps_the_place_and_every_batch_is_a_part_of_the_key(key: str, text: str) -> None:
    try:
        pattern = batch_pattern(text).text
    except SetupError:
        pattern = "{batch}/**"
    place = Router([route("**", owner="shop", batch_from=pattern)]).place_of(BUCKET, key)
    if place_of(key).batch is not None:
        assert place == place_of(key)
    else:
        assert (place.owner, place.path) == ("shop", key)
        assert place.batch is None or place.batch in key.split("/")[:-1]


@pytest.mark.parametrize(
    ("pattern", "key", "name"),
    [
        ("catalog/{batch}/**", "catalog/2026/a.jpg", "2026"),
        ("catalog/{batch}/**", "catalog/2026", None),
        ("catalog/{batch}/**", "catalog/-odd-/a.jpg", None),
        ("{batch}/*", "shoes/a.jpg", "shoes"),
        ("{batch}/*", "shoes/x/a.jpg", None),
        ("**/{batch}/*.jpg", "a/b/c.jpg", "b"),
    ],
)
def test_a_pattern_reads_the_batch_from_a_part_of_the_key(pattern: str, key: str, name: str | None) -> None:
    assert batch_pattern(pattern).name_in(key) == name


@pytest.mark.parametrize("text", ["catalog/**", "{batch}", "a{batch}/x", "{batch}/{batch}/x", "{batch}x/y"])
def test_a_text_that_is_no_pattern_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SetupError, match=r"such as catalog/\{batch\}/\*\*"):
        batch_pattern(text)


def test_a_route_that_can_never_match_is_refused_with_the_route_that_takes_its_keys() -> None:
    registry = with_route(Registry(), route("catalog/**", "first"))
    with pytest.raises(SetupError, match=r"could never match: all its keys are taken by first \(catalog/\*\*\)"):
        with_route(registry, route("catalog/*.jpg", "second"))
    assert [
        each.route_id for each in with_route(registry, route("catalog/*.jpg", "second", bucket="other")).routes
    ] == [
        "first",
        "second",
    ]
    before = with_route(registry, route("catalog/*.jpg", "second"), first=True)
    assert [each.route_id for each in before.routes] == ["second", "first"]
    both = with_route(with_route(Registry(), route("[a-m]*", "one")), route("[!a-m]*", "two"))
    with pytest.raises(SetupError, match=r"taken by one .*, two"):
        with_route(both, route("?*", "three"))


def test_a_route_that_is_added_first_comes_before_the_smallest_priority() -> None:
    registry = with_route(Registry(), route("a/**", "one", priority=5))
    registry = with_route(registry, route("b/**", "two"), first=True)
    registry = with_route(registry, route("c/**", "three", priority=5))
    assert [(each.route_id, each.priority) for each in registry.routes] == [("two", 5), ("one", 5), ("three", 5)]
    assert [each.route_id for each in without_route(registry, "one").routes] == ["two", "three"]
    with pytest.raises(SetupError, match="there is no route 'none'"):
        without_route(registry, "none")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"match": "a***"}, "takes all but /"),
        ({"recipe": None}, "gives nothing"),
        ({"owner": "a/b"}, "^no owner can be called 'a/b': an owner's name has letters, digits"),
        ({"match": "catalog/"}, r"takes folder markers alone.*: write catalog/\*\*"),
        ({"match": "zz/**", "batch_from": "aa/{batch}/**"}, r"would never give a batch: no key of zz/\*\* fits"),
        ({"match": "zz/*", "batch_from": "zz/{batch}/**"}, "would never give a batch"),
        ({"batch_from": "x"}, "no pattern for batches"),
        ({"priority": -1}, "a number from 0 to 100,000"),
        ({"bucket": "s3://masters/"}, "no name of a bucket: write it without s3:// and without a slash"),
        ({"match": "s3://masters/**"}, "matches keys, which have no s3://"),
        ({"match": "uploads/ana/b1/**", "owner": "me"}, "could never give an owner or a batch"),
        ({"match": "uploads/*/x-*/a?.jpg", "batch_from": "uploads/{batch}/**"}, "could never give an owner"),
    ],
)
def test_a_wrong_route_is_refused_with_the_right_form(wrong: dict[str, Any], right: str) -> None:
    with pytest.raises(SetupError, match=right):
        with_route(Registry(), route(**{"match": "a"} | wrong))


def test_the_number_of_routes_is_limited_and_the_recipe_of_a_route_is_in_use() -> None:
    full = Registry(routes=tuple(route(f"{n}/**", str(n)) for n in range(MOST_ROUTES)))
    with pytest.raises(SetupError, match="200 routes, the most"):
        with_route(full, route("x"))
    stored = StoredRecipe(name="shop", digest="d", number=1, at="", who="")
    registry = with_route(with_recipe(Registry(), stored), route("a/**", recipe="shop"))
    with pytest.raises(InUseError, match=r"route r1 gives it to a/\*\*"):
        without_recipe(registry, "shop")


def test_a_key_without_a_route_has_the_default_owner_and_no_batch() -> None:
    assert Router().place_of(BUCKET, "a/b.jpg") == Place("default", None, "a/b.jpg")
