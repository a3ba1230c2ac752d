"""The aliases of an image by a template, and the place of aliases."""

from dataclasses import replace

import pytest

from pixelfleet.domain import transitions
from pixelfleet.domain.aliases import AliasPlace, check_prefix, file_name, planned_aliases
from pixelfleet.domain.records import Alias, AliasState, Image
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import SetupError
from pixelfleet.key_templates import alias_template
from tests.unit.domain.image_states import THUMB, ready

TEMPLATE = alias_template("{path}/{stem}_{variant}.{ext}")
ELSEWHERE = AliasPlace("shop", "", "results")
AT = "2026-11-20T13:00:00.000Z"
HELD = Alias(file="thumb.webp", bucket="shop", key="cat_thumb.webp")
TAKEN = HELD.model_copy(update={"state": AliasState.TAKEN, "problem": "another image has this key"})


def test_each_file_gets_a_key_and_tiles_get_none() -> None:
    tiles = THUMB.model_copy(update={"name": "zoom", "key": "me/x/r/zoom.dzi", "files": 400})
    jpeg = THUMB.model_copy(update={"key": "me/x/r/thumb.jpg"})
    image = ready().model_copy(update={"variants": (THUMB, jpeg, tiles)})
    planned = planned_aliases(image, TEMPLATE, replace(ELSEWHERE, prefix="img/"))
    assert [(file_name(each.file), each.key) for each in planned] == [
        ("thumb.webp", "img/cat_thumb.webp"),
        ("thumb.jpg", "img/cat_thumb.jpg"),
    ]


def test_an_image_without_results_and_a_setting_without_a_template_make_no_alias() -> None:
    assert planned_aliases(ready(), None, ELSEWHERE) == []
    assert planned_aliases(ready().model_copy(update={"revision": None}), TEMPLATE, ELSEWHERE) == []


def test_a_path_that_makes_no_key_is_a_problem_of_that_image() -> None:
    image = ready().model_copy(update={"key": "uploads/me/b1/a/../cat.jpg"})
    [planned] = planned_aliases(image, TEMPLATE, ELSEWHERE)
    assert (planned.key, planned.problem) == ("", "the key has a part . or ..")


def test_no_alias_has_the_form_of_a_result_in_the_bucket_of_results() -> None:
    template = alias_template("{owner}/{image_id}/" + "0" * 32 + "/{variant}.{ext}")
    image = ready()
    [planned] = planned_aliases(image, template, AliasPlace("results", "", "results"))
    assert planned.problem == "the key has the form of a result's own key"
    [elsewhere] = planned_aliases(image, template, ELSEWHERE)
    assert elsewhere.key == f"me/{image.image_id}/{'0' * 32}/thumb.webp"


@pytest.mark.parametrize("prefix", ["", "me/", "A/", "9x/", "é/"])
def test_a_prefix_among_the_results_must_not_be_an_owners_name(prefix: str) -> None:
    with pytest.raises(SetupError, match="could be the folder of an owner"):
        check_prefix(prefix, in_results_bucket=True)
    check_prefix(prefix, in_results_bucket=False)


@pytest.mark.parametrize("prefix", ["_alias", "/", "_a//", "../", "_a\n/"])
def test_a_text_that_is_no_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(SetupError):
        check_prefix(prefix, in_results_bucket=True)


def test_the_record_notes_aliases_of_the_results_that_it_still_has() -> None:
    image = ready()
    noted = transitions.set_aliases(image, image, (HELD,), AT)
    assert isinstance(noted, Image)
    assert (noted.aliases, noted.alias_due, noted.attempt_log) == ((HELD,), None, image.attempt_log)
    assert transitions.set_aliases(noted, image, (HELD,), AT) is Refusal.DONE
    other = image.model_copy(update={"revision": "other"})
    assert transitions.set_aliases(other, image, (HELD,), AT) is Refusal.SUPERSEDED
    assert transitions.set_aliases(None, image, (HELD,), AT) is Refusal.UNKNOWN


def test_an_alias_that_an_older_image_has_is_in_the_history_once_and_waits() -> None:
    image = ready()
    noted = transitions.set_aliases(image, image, (TAKEN,), AT)
    assert isinstance(noted, Image)
    assert noted.alias_due is True
    assert noted.attempt_log[-1].what == "alias taken"
    assert noted.attempt_log[-1].message == "alias cat_thumb.webp: another image has this key"
    later = transitions.set_aliases(noted, noted, (HELD,), AT)
    assert isinstance(later, Image)
    assert (later.alias_due, len(later.attempt_log)) == (None, len(noted.attempt_log))
