"""Faces are found where they are, kept in view by a crop, and covered in every file of a variant that redacts."""

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image

from pixelfleet import recipes
from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images import plan
from pixelfleet.images.faces import detector
from pixelfleet.images.faces.boxes import Box, focus, without_repeats
from pixelfleet.images.faces.detector import REDACT_SCORE, REDACT_SIDES, find_faces, parts
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import Rendition, render
from pixelfleet.images.probe import probe
from pixelfleet.images.supervisor import RenderSupervisor
from tests.colour.raw_files import dng, mosaic
from tests.faces import ASTRONAUT, HOPPER, PORTRAITS, Point, Portrait, backdrop, scene

LIMITS = Limits(10**9, 10**9, 1_000)
#: A search that finds even what is hardly a face.
KEEN = 0.4


def rendered(source: Path, variants: str, folder: Path) -> Rendition:
    """The variants of a recipe, given as the text of their tables."""
    recipe = recipes.parse(f'name = "t"\n{variants}', "t")
    folder.mkdir(exist_ok=True)
    return render(source, probe(source, LIMITS), recipe, folder)


def variant(name: str, **fields: str) -> str:
    """A table of a recipe; values are TOML."""
    lines = "\n".join(f"{field} = {value}" for field, value in fields.items())
    return f'[[variants]]\nname = "{name}"\n{lines}\n'


def opened(rendition: Rendition, name: str, page: int | None = None) -> Any:
    path = next(one.path for one in rendition.variants if one.name == name)
    options = {} if page is None else {"page": page}
    return pyvips.Image.new_from_file(str(path), **options).copy_memory()


def stored(image: Any, path: Path, **options: Any) -> Path:
    image.write_to_file(str(path), **options)
    return path


def faces_in(image: Any, score: float = REDACT_SCORE) -> list[Box]:
    return find_faces(image, REDACT_SIDES, score)


def holds(box: Box, image: Any, points: tuple[Point, ...]) -> bool:
    left, top, width, height = box.pixels((image.width, image.height))
    return all(left <= x <= left + width and top <= y <= top + height for x, y in points)


@pytest.mark.parametrize("portrait", PORTRAITS, ids=["astronaut", "hopper"])
def test_the_face_of_a_portrait_is_found_once_and_where_it_is(portrait: Portrait) -> None:
    image = portrait.image()
    [box] = faces_in(image)
    assert holds(box, image, portrait.inside)
    assert 0.7 * portrait.width < (box.right - box.left) * image.width < 1.3 * portrait.width


def test_large_and_small_faces_of_one_picture_are_found_and_no_others() -> None:
    image = scene((2560, 1920), (HOPPER, 2.0, (100, 100)), (ASTRONAUT, 0.25, (2000, 200)), (HOPPER, 0.15, (1300, 1700)))
    found = faces_in(image)
    assert len(found) == 3
    for portrait, scale, (left, top) in ((HOPPER, 2.0, (100, 100)), (ASTRONAUT, 0.25, (2000, 200))):
        points = tuple((round(x * scale) + left, round(y * scale) + top) for x, y in portrait.inside)
        assert any(holds(box, image, points) for box in found)


def test_a_picture_without_a_face_has_none() -> None:
    assert faces_in(backdrop(800, 600)) == []


@pytest.mark.parametrize("size", [(640, 480), (1408, 1408), (1409, 100), (2560, 1920), (2560, 2560), (100, 2560)])
def test_the_parts_of_a_search_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    pieces = list(parts(size))
    assert all(left + width <= size[0] and top + height <= size[1] for left, top, width, height in pieces)
    rows = sorted({(top, top + height) for _, top, _, height in pieces})
    assert rows[0][0] == 0
    assert rows[-1][1] == size[1]
    assert all(later[0] <= earlier[1] - 256 for earlier, later in pairwise(rows))


def test_one_box_stays_of_several_that_are_of_one_face() -> None:
    sure, same, other = Box(0.1, 0.1, 0.3, 0.3, 0.9), Box(0.12, 0.1, 0.3, 0.32, 0.6), Box(0.5, 0.5, 0.9, 0.9, 0.7)
    assert without_repeats([same, sure, other]) == [other, sure]


def test_a_box_within_a_face_does_not_take_the_face_away() -> None:
    face, nose = Box(0.1, 0.1, 0.5, 0.5, 0.6), Box(0.2, 0.2, 0.3, 0.3, 0.9)
    assert without_repeats([nose, face]) == [face, nose]


def test_a_view_holds_as_many_faces_as_fit_the_largest_before_all() -> None:
    large, near, far = Box(0.1, 0.1, 0.3, 0.3), Box(0.4, 0.1, 0.5, 0.2), Box(0.9, 0.9, 0.95, 0.95)
    assert focus([large, near, far], (0.5, 0.5)) == pytest.approx((0.3, 0.2))
    assert focus([large, near, far], (0.1, 0.1)) == pytest.approx((0.2, 0.2))


def test_boxes_are_in_pixels_of_the_upright_page(tmp_path: Path) -> None:
    picture = scene((900, 600), (ASTRONAUT, 1.0, (300, 50)))
    turned = picture.rot270().copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", 6)
    thumb = variant("t", box="100", gravity='"face"', fit='"cover"')
    expected = rendered(stored(picture, tmp_path / "a.png"), thumb, tmp_path / "a").faces
    actual = rendered(stored(turned, tmp_path / "b.jpg", Q=95), thumb, tmp_path / "b").faces
    assert expected is not None
    assert actual is not None
    [(left, top, width, height)] = actual
    assert (left, top, width, height) == pytest.approx(expected[0], abs=8)
    assert all(left < x + 300 < left + width and top < y + 50 < top + height for x, y in ASTRONAUT.inside)


def test_a_crop_keeps_the_face_in_its_middle(tmp_path: Path) -> None:
    source = stored(scene((2400, 800), (ASTRONAUT, 1.0, (1800, 200))), tmp_path / "a.png")
    made = rendered(
        source, variant("t", box="[400, 400]", fit='"cover"', gravity='"face"', format='"png"'), tmp_path / "o"
    )
    [box] = faces_in(opened(made, "t"))
    assert box.centre == pytest.approx((0.5, 0.3), abs=0.15)


def test_without_a_face_a_crop_is_as_by_attention(tmp_path: Path) -> None:
    source = stored(backdrop(900, 300).draw_rect([255, 0, 0], 700, 100, 60, 60, fill=True), tmp_path / "a.png")
    both = "".join(variant(name, box="200", fit='"cover"', gravity=f'"{name}"') for name in ("face", "attention"))
    made = rendered(source, both, tmp_path / "o")
    assert made.faces == ()
    assert (opened(made, "face") - opened(made, "attention")).abs().max() == 0


def test_a_recipe_that_asks_for_no_faces_searches_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "library", lambda: pytest.fail("the detector was loaded"))
    assert rendered(ASTRONAUT.path, variant("t", box="100"), tmp_path / "o").faces is None


@pytest.mark.parametrize("style", ["blur", "pixelate"])
def test_no_file_of_a_variant_that_redacts_shows_the_face_and_the_rest_is_as_without(
    tmp_path: Path, style: str
) -> None:
    source = stored(scene((600, 420), (HOPPER, 0.6, (180, 30))), tmp_path / "a.png")
    redacted = {"redact": '["face"]', "redact_style": f'"{style}"'}
    made = rendered(
        source,
        variant("plain", format='"png"')
        + variant("all", format='["png", "jpeg", "webp", "avif", "tiff"]', **redacted)
        + variant("tiles", tiles="{size = 256}", format='"png"', **redacted),
        tmp_path / "o",
    )
    assert len(made.faces or ()) == 1
    for one in made.variants:
        if one.name == "all":
            assert faces_in(pyvips.Image.new_from_file(str(one.path)).copy_memory(), KEEN) == [], one.format
    levels = sorted((tmp_path / "o" / "tiles_files").iterdir(), key=lambda path: int(path.name))
    for tile in [*levels[-1].iterdir(), *levels[-2].iterdir()]:
        assert faces_in(pyvips.Image.new_from_file(str(tile)).copy_memory(), KEEN) == [], tile
    plain, covered = opened(made, "plain"), opened(made, "all")
    [face] = faces_in(plain)
    left, top, width, height = face.grown().pixels((plain.width, plain.height))
    changed = ((plain - covered).abs() > 0).bandor()
    assert changed.crop(left, top, width, height).avg() > 200
    outside = changed.insert(pyvips.Image.black(width + 4, height + 4), left - 2, top - 2)
    assert outside.max() == 0


def test_a_smaller_original_is_never_put_in_the_place_of_a_redacted_variant(tmp_path: Path) -> None:
    source = stored(scene((600, 420), (HOPPER, 0.6, (180, 30))), tmp_path / "a.jpg", Q=30)
    fields = {"format": '"jpeg"', "quality": "95", "never_larger": "true"}
    made = rendered(source, variant("plain", **fields) + variant("covered", redact='"face"', **fields), tmp_path / "o")
    assert faces_in(opened(made, "plain")) != []
    assert faces_in(opened(made, "covered"), KEEN) == []


def test_a_cover_has_few_colours_whatever_the_size_of_the_variant(tmp_path: Path) -> None:
    source = stored(scene((1000, 700), (HOPPER, 1.0, (300, 50))), tmp_path / "a.png")
    fields = {"redact": '"face"', "redact_style": '"pixelate"', "format": '"png"'}
    made = rendered(
        source,
        variant("whole", **fields) + variant("small", box="64", **fields) + variant("same", box="64", format='"png"'),
        tmp_path / "o",
    )
    whole, small, same = (opened(made, name) for name in ("whole", "small", "same"))
    [face] = faces_in(pyvips.Image.new_from_file(str(source)).copy_memory())
    left, top, width, height = face.grown().pixels((whole.width, whole.height))
    pixels = whole.crop(left, top, width, height).numpy().reshape(-1, 3)
    assert len({tuple(pixel) for pixel in pixels.tolist()}) <= 16
    # The face is too small to be found in the small variant. It is covered as in the whole variant all the same.
    part = face.pixels((small.width, small.height))
    expected = whole.thumbnail_image(small.width, height=small.height, size="force")
    assert (small - expected).abs().crop(*part).avg() < 5 < (small - same).abs().crop(*part).avg()


@pytest.mark.parametrize("size", [(1, 1), (1, 5_000), (5_000, 1), (31, 7)])
def test_a_picture_of_an_odd_shape_is_searched(size: tuple[int, int]) -> None:
    assert faces_in(backdrop(*size)) == []


def test_every_face_of_a_crowd_is_covered_and_a_hundred_are_recorded(tmp_path: Path) -> None:
    face = HOPPER.image().crop(150, 90, 240, 270)
    crowd = face.resize(0.09).replicate(30, 16).copy_memory()
    boxes = faces_in(crowd)
    assert len(boxes) > 200
    made = rendered(stored(crowd, tmp_path / "a.png"), variant("t", redact='"face"', format='"png"'), tmp_path / "o")
    assert len(made.faces or ()) == 100
    assert len(faces_in(opened(made, "t"))) < 10


def test_a_grey_picture_and_one_with_transparent_parts_are_covered(tmp_path: Path) -> None:
    colour = scene((700, 700), (HOPPER, 1.0, (100, 50)))
    mask = pyvips.Image.black(700, 700).draw_rect(255, 50, 0, 600, 700, fill=True)
    for name, picture in (("grey", colour.colourspace("b-w")), ("alpha", colour.bandjoin(mask))):
        source = stored(picture, tmp_path / f"{name}.png")
        made = rendered(source, variant("t", redact='["face"]', format='"png"'), tmp_path / name)
        image = opened(made, "t")
        assert image.bands == picture.bands
        assert faces_in(image, KEEN) == []


def test_each_frame_of_an_animation_is_covered_where_its_face_is(tmp_path: Path) -> None:
    frames = [scene((300, 180), (HOPPER, 0.28, (left, 5))) for left in (5, 150)]
    tall = pyvips.Image.arrayjoin(frames, across=1).copy()
    tall.set_type(pyvips.GValue.gint_type, "page-height", 180)
    source = stored(tall, tmp_path / "a.webp", lossless=True)
    made = rendered(source, variant("t", redact='["face"]', format='"webp"', lossless="true"), tmp_path / "o")
    assert made.variants[0].frames == 2
    for page in range(2):
        assert faces_in(pyvips.Image.new_from_file(str(source), page=page).copy_memory()) != []
        assert faces_in(opened(made, "t", page), KEEN) == []


def test_a_picture_that_is_not_held_in_memory_is_covered_and_cropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MEMORY_PIXELS", 10_000)
    source = stored(scene((1200, 900), (HOPPER, 1.0, (600, 200))), tmp_path / "a.png")
    made = rendered(
        source,
        variant("t", redact='["face"]', format='"png"')
        + variant("c", box="[500, 500]", fit='"cover"', gravity='"face"', format='"png"'),
        tmp_path / "o",
    )
    assert faces_in(opened(made, "t"), KEEN) == []
    assert len(faces_in(opened(made, "c"))) == 1


def test_without_the_extra_the_recipe_is_at_fault_and_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector.library.cache_clear()
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(PermanentError, match=r"finding faces needs cv2: pip install 'pixelfleet\[faces\]'") as raised:
        rendered(ASTRONAUT.path, variant("t", redact='["face"]'), tmp_path / "o")
    assert raised.value.cause is Cause.RECIPE_UNFIT
    assert list((tmp_path / "o").iterdir()) == []


@pytest.mark.parametrize(("alpha", "box"), [(0, "600"), (2, "500")], ids=["clear", "almost clear, scaled"])
def test_a_face_below_transparent_parts_does_not_get_out(tmp_path: Path, alpha: int, box: str) -> None:
    """Whoever removes the transparency sees what is below."""
    picture = scene((600, 420), (HOPPER, 0.6, (180, 30)))
    mask = (pyvips.Image.black(600, 420) + 255).cast("uchar").draw_rect(alpha, 150, 0, 300, 420, fill=True)
    source = stored(picture.bandjoin(mask), tmp_path / "a.png")
    made = rendered(source, variant("t", box=box, redact='"face"', format='"png"'), tmp_path / "o")
    assert faces_in(opened(made, "t").extract_band(0, n=3), KEEN) == []


def test_the_face_of_a_stretched_variant_is_covered(tmp_path: Path) -> None:
    """A stretched face is not found, but whoever stretches the variant back sees it."""
    picture = scene((600, 420), (HOPPER, 0.6, (180, 30)))
    source = stored(picture, tmp_path / "a.png")
    fields = {"box": "[600, 90]", "fit": '"exact"', "format": '"png"'}
    made = rendered(source, variant("plain", **fields) + variant("covered", redact='"face"', **fields), tmp_path / "o")
    [face] = faces_in(picture)
    plain, covered = opened(made, "plain"), opened(made, "covered")
    changed = ((plain - covered).abs() > 0).bandor()
    assert changed.crop(*face.pixels((plain.width, plain.height))).avg() > 200


def test_the_face_of_a_raw_is_covered_where_the_sensor_saw_it(tmp_path: Path) -> None:
    """The preview of a camera is corrected for the lens, so that its faces are elsewhere."""
    width, height = 640, 480
    seen = scene((width, height), (HOPPER, 0.6, (340, 120)))
    preview = Image.fromarray(scene((width // 2, height // 2), (HOPPER, 0.3, (40, 60))).numpy())
    source = tmp_path / "a.dng"
    source.write_bytes(dng(width, height, preview=preview, samples=mosaic(np.asarray(seen.numpy()))))
    fields = {"box": "300", "format": '"png"'}
    made = rendered(source, variant("plain", raw='"develop"', **fields), tmp_path / "plain")
    assert len(faces_in(opened(made, "plain"))) == 1
    made = rendered(source, variant("covered", redact='"face"', **fields), tmp_path / "covered")
    assert faces_in(opened(made, "covered"), KEEN) == []


def test_a_search_that_gets_no_memory_fails_for_the_machines_reason_and_writes_nothing(tmp_path: Path) -> None:
    source = stored(scene((1280, 960), (HOPPER, 1.0, (100, 100))), tmp_path / "a.jpg")
    recipe = recipes.parse('name = "t"\n' + variant("t", box="100", redact='["face"]'), "t")
    (tmp_path / "o").mkdir()
    with RenderSupervisor(160_000_000, 60) as supervisor:
        outcome = supervisor.render(source, recipe, LIMITS, tmp_path / "o")
    assert outcome.error is not None
    assert outcome.error.cause is Cause.OUT_OF_MEMORY
    assert list((tmp_path / "o").iterdir()) == []


def test_the_child_searches_within_the_memory_of_the_bulk_lane_and_reports_the_boxes(tmp_path: Path) -> None:
    source = stored(scene((1280, 960), (HOPPER, 1.0, (100, 100))), tmp_path / "a.jpg")
    recipe = recipes.parse('name = "t"\n' + variant("t", box="100", redact='["face"]'), "t")
    (tmp_path / "o").mkdir()
    with RenderSupervisor(1_500_000_000, 60) as supervisor:
        outcome = supervisor.render(source, recipe, LIMITS, tmp_path / "o")
    assert outcome.rendition is not None
    [(left, top, width, height)] = outcome.rendition.faces or ()
    assert all(left < x + 100 < left + width and top < y + 100 < top + height for x, y in HOPPER.inside)
