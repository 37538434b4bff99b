"""What a page does when it is clicked, dragged, typed into or opened from an address."""

import numpy as np
import pytest
from PIL import Image

from tests.helpers.explorer import PAGES, code, fragment, open_run, ready, settled


def test_dragging_moves_the_point_and_its_image(page):
    box = page.locator("#plane").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    third = code(page)[2]
    before = page.locator("#image").evaluate("canvas => canvas.toDataURL()")
    page.mouse.move(*middle)
    page.mouse.down()
    settled(page)
    np.testing.assert_allclose(code(page), [0, 0, third], atol=0.03)
    page.mouse.move(middle[0] + box["width"] / 4, middle[1] - box["height"] / 8, steps=4)
    page.mouse.up()
    settled(page)
    reach = page.evaluate("explorer.plane.reach")
    np.testing.assert_allclose(code(page), [reach / 2, reach / 4, third], atol=0.03)
    assert page.locator("#image").evaluate("canvas => canvas.toDataURL()") != before
    page.mouse.move(*middle)
    assert code(page)[0] == pytest.approx(reach / 2, abs=0.03), "let go"


@pytest.mark.parametrize("page", ["pictures/ld_5"], indirect=True)
def test_on_a_map_one_picks_images(page):
    page.locator("#basis").select_option("map")
    assert not page.locator("#axis-x").is_visible()
    assert not page.locator("#others").is_visible()
    where = "[explorer.run.map[2 * {0}], explorer.run.map[2 * {0} + 1]]"
    box = page.locator("#plane").bounding_box()
    for index in (3, 0):
        x, y = (
            value / page.evaluate("explorer.plane.reach")
            for value in page.evaluate(where.format(index))
        )
        page.mouse.click(
            box["x"] + box["width"] * (1 + x) / 2, box["y"] + box["width"] * (1 - y) / 2
        )
        settled(page)
        assert page.evaluate("explorer.original") == index
        assert page.evaluate("explorer.at(explorer.z)") == page.evaluate(where.format(index))
    page.keyboard.press("ArrowRight")
    settled(page)
    right = page.evaluate("explorer.original")
    assert page.evaluate(where.format(right))[0] >= page.evaluate(where.format(0))[0]
    page.locator("[data-show=images]").click()
    page.wait_for_function("() => explorer.lattice")
    assert "along=map" in fragment(page)
    page.locator("#prior").click()
    settled(page)
    assert page.evaluate("explorer.original") is None
    page.locator("#basis").select_option("dimensions")
    assert page.locator("#axis-x").is_visible()


def test_keys_move_draw_and_keep(page):
    page.locator("#plane").focus()
    for key in ("0", "ArrowRight", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    settled(page)
    step = page.evaluate("explorer.plane.reach") / 60
    np.testing.assert_allclose(code(page), [step, 2 * step, 0], atol=1e-5)
    for key in ("r", "m"):
        before = code(page)
        page.keyboard.press(key)
        settled(page)
        assert all(a != b for a, b in zip(before, code(page), strict=True))
    page.keyboard.press("f")
    assert page.locator("#favourites .item").count() == 1


def test_a_slider_moves_its_dimension_alone(page):
    before = code(page)
    slider = page.locator("#sliders input")
    assert slider.count() == 1
    slider.focus()
    page.keyboard.press("End")
    settled(page)
    after = code(page)
    assert after[:2] == before[:2]
    assert after[2] > 2.9


def test_dimensions_of_the_plane_can_be_chosen(page):
    page.locator("#axis-x").select_option("2")
    assert page.evaluate("explorer.axes") == [2, 1]
    page.locator("#axis-y").select_option("2")
    assert page.evaluate("explorer.axes") == [1, 2], "they change places"
    assert page.locator("#sliders label").inner_text().startswith("z[0]")


@pytest.mark.parametrize("page", ["pictures/ld_5"], indirect=True)
def test_sliders_are_ordered_by_kl_and_components_by_variance(page):
    kl = page.evaluate("explorer.run.information.values")
    order = [int(d) for d in np.argsort(-np.array(kl), kind="stable")]
    assert page.evaluate("explorer.axes") == order[:2]
    names = [text.split("\n")[0] for text in page.locator("#sliders label").all_inner_texts()]
    assert names == [f"z[{d}]" for d in order[2:]]
    before = code(page)
    page.locator("#basis").select_option("components")
    assert page.locator("#sliders label").first.inner_text().startswith("PC 3")
    page.locator("#sliders input").first.focus()
    page.keyboard.press("Home")
    settled(page)
    moved = np.subtract(code(page), before)
    axes = page.evaluate("Array.from(explorer.run.components.axes)")
    axis = np.reshape(axes, (5, 5))[2]
    np.testing.assert_allclose(moved, (moved @ axis) * axis, atol=1e-4)
    assert np.abs(moved).max() > 0.5


def test_one_starts_from_a_test_image_and_sees_the_nearest(page):
    page.locator("#gallery button").nth(4).click()
    settled(page)
    assert page.locator("#original").is_visible()
    index = page.evaluate("explorer.original")
    expected = page.evaluate(f"Array.from(explorer.run.codes.slice(3 * {index}, 3 * {index} + 3))")
    assert code(page) == expected
    page.wait_for_timeout(300)  # while one drags, they are looked for now and then
    codes = np.reshape(page.evaluate("Array.from(explorer.run.codes)"), (-1, 3))
    distances = ((codes - expected) ** 2).sum(axis=1)
    near = page.evaluate("explorer.near")
    np.testing.assert_allclose(distances[near], np.sort(distances)[:8], rtol=1e-4, atol=1e-6)


def test_the_images_of_the_highest_scores_come_first_if_one_wants(page):
    page.get_by_role("button", name="Highest scores first").click()
    titles = [b.get_attribute("title") for b in page.locator("#gallery button").all()]
    shown = [float(title.rpartition(" ")[2]) for title in titles]
    scores = page.evaluate("Array.from(explorer.run.scores)")
    np.testing.assert_allclose(shown, sorted(scores)[:-13:-1], atol=0.06)


def test_the_filter_of_classes_applies_to_all(page):
    page.get_by_role("button", name="none", exact=True).click()
    page.get_by_role("button", name="3", exact=True).click()
    page.wait_for_function("() => explorer.near.every((i) => explorer.run.labels[i] === 3)")
    assert page.locator("#gallery .name").all_inner_texts() == ["3"] * 12
    assert "classes=3&" in fragment(page) + "&"


def test_a_walk_goes_from_one_image_to_the_other(page):
    ends = []
    for number, button in ((0, "#from"), (5, "#to")):
        page.locator("#gallery button").nth(number).click()
        settled(page)
        ends.append(np.array(code(page)))
        page.locator(button).click()
    assert page.evaluate("explorer.share") == 1
    page.locator("#share").focus()
    page.keyboard.press("Home")
    settled(page)
    np.testing.assert_allclose(code(page), ends[0], atol=1e-6)
    page.locator("#play").click()
    page.wait_for_function("() => explorer.share > 0.3 && explorer.share < 0.9")
    page.locator("#play").click()
    settled(page)
    share = page.evaluate("explorer.share")
    np.testing.assert_allclose(code(page), (1 - share) * ends[0] + share * ends[1], atol=1e-5)


def test_a_code_is_pasted_and_a_mistake_told(page):
    page.locator("#code").fill("[1.5; -2\t.25]")
    settled(page)
    assert code(page) == [1.5, -2, 0.25]
    page.locator("#code").fill("1.5, -2")
    assert "3 numbers" in page.locator("#code-error").inner_text()
    assert code(page) == [1.5, -2, 0.25]
    page.locator("#plane").focus()
    assert page.locator("#code").input_value() == "1.5, -2, 0.25"


def test_the_image_is_downloaded(page, tmp_path):
    with page.expect_download() as download:
        page.locator("#download").click()
    assert download.value.suggested_filename == "digits_ld_3.png"
    download.value.save_as(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (256, 256)


def test_an_address_restores_a_view(chromium, explored, page):
    page.locator("#gallery button").nth(3).click()
    page.locator("#keep").click()
    page.locator("#from").click()
    page.locator("#prior").click()
    settled(page)
    page.locator("#to").click()
    page.locator("#keep").click()
    page.locator("#axis-x").select_option("2")
    page.locator("[data-show=images]").click()
    page.get_by_role("button", name="4", exact=True).click()
    page.wait_for_function("() => explorer.lattice")
    address = fragment(page)
    points = "[explorer.z, ...explorer.ends, ...explorer.kept.map(({ z }) => z)].map((z) => [...z])"
    choices = "[explorer.axes, [...explorer.shows], [...explorer.hidden], explorer.share]"
    with open_run(chromium, explored, "digits/ld_3", address) as other:
        ready(other)
        np.testing.assert_allclose(other.evaluate(points), page.evaluate(points), atol=1e-4)
        assert other.evaluate(choices) == page.evaluate(choices)
        assert fragment(other) == address
        other.evaluate("location.hash = '#z=1,2,3'; explorer.writeAddress()")
        other.wait_for_function("() => explorer.z[2] === 3")


@pytest.mark.parametrize(
    "address",
    ["#z=1,2&axes=0,9&class=77&image=-1&along=x", "#z=a,b,c&axes=1,1&kept=;;1@x&from=9", "#%%%"],
)
def test_an_address_that_makes_no_sense_does_no_harm(chromium, explored, address):
    with open_run(chromium, explored, "digits/ld_3", address) as page:
        ready(page)
        assert all(np.isfinite(code(page)))
        assert page.evaluate("explorer.axes") == [0, 1]


def test_it_fits_a_phone_in_the_dark(chromium, explored):
    phone = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "has_touch": True}
    for run in PAGES:
        with open_run(chromium, explored, run, **phone) as page:
            ready(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            page.locator("#plane").scroll_into_view_if_needed()
            before = code(page)
            box = page.locator("#plane").bounding_box()
            page.touchscreen.tap(box["x"] + 40, box["y"] + box["height"] - 40)
            settled(page)
            assert code(page) != before
            image = page.locator("#image").bounding_box()
            assert 0 <= image["y"] < 740, "in sight while one drags"


def test_everything_has_a_name_for_screen_readers(page):
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, select, input, canvas[role]")].filter((element) =>
            !(element.ariaLabel || element.labels?.length || element.textContent.trim()))
            .map((element) => element.outerHTML)"""
    )
    assert unnamed == []
    assert page.locator("#plane").get_attribute("aria-describedby") == "plane-help"
