"""The pages, as the command makes them and as a browser without network runs them."""

import base64
import re
import shutil
import zipfile

import numpy as np
import pytest
from onnx import helper
from PIL import Image

from tests.browser import browser, opened
from tests.latent.test_onnx import write
from tests.workflow.conftest import TINY
from vae.explorer import page as explorer_page
from vae.explorer import runtime as explorer_runtime
from vae.latent import mixture
from vae.latent.codes import Latents
from vae.latent.onnx import Decoder
from vae.services.errors import UserError

EVIL = "<img src=x onerror=alert(1)>"
PAGES = ["digits/ld_2", "digits/ld_3", "pictures/ld_5"]

# A drag in circles: frames a second, and milliseconds to decode an image, and to show it as well.
DRAG = """async (seconds) => {
  const { explorer } = window, canvas = document.getElementById("plane");
  const box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  canvas.hasPointerCapture = () => true;
  const point = (type, angle) => canvas.dispatchEvent(new PointerEvent(type, {
    clientX: box.left + box.width * (0.5 + 0.3 * Math.cos(angle)),
    clientY: box.top + box.height * (0.5 + 0.3 * Math.sin(angle)),
  }));
  point("pointerdown", 0);
  const before = explorer.frames, start = performance.now();
  await new Promise((done) => {
    const step = (now) => {
      point("pointermove", (now - start) / 300);
      if (now - start < 1000 * seconds) requestAnimationFrame(step);
      else done();
    };
    requestAnimationFrame(step);
  });
  const frames = (explorer.frames - before) / ((performance.now() - start) / 1000);
  // What a tenth of the calls take at most, since other processes want the cores as well; of
  // short ones twenty at a time, as the clock shows no less than a tenth of a millisecond.
  const timed = async (act) => {
    const times = [];
    for (let n = 20, end = performance.now() + 1000; performance.now() < end;) {
      const start = performance.now();
      for (let i = 0; i < n; i++) await act();
      times.push((performance.now() - start) / n);
      n = Math.min(...times) > 1 ? 1 : 20;
    }
    return times.sort((a, b) => a - b)[Math.floor(times.length / 10)];
  };
  const decode = () => explorer.decode(explorer.z, explorer.label);
  return { frames, decode: await timed(decode),
    frame: await timed(async () => explorer.show(await decode())) };
}"""

# Show the images of codes, one after the other; return the pixels of each as base64.
SHOWN = """async (codes) => {
  const { explorer } = window, canvas = document.getElementById("image"), shown = [];
  for (const [z, label] of codes) {
    explorer.goTo(Float32Array.from(z), null, label);
    while (explorer.pending) await new Promise(requestAnimationFrame);
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    shown.push(btoa(Array.from(pixels.data, (byte) => String.fromCharCode(byte)).join("")));
  }
  return shown;
}"""


def shown(page, codes, labels):
    """What a page shows of codes [N, D] of classes [N]: uint8 [N, pixels, 3]."""
    pairs = [[z.tolist(), int(label)] for z, label in zip(codes, labels, strict=True)]
    pixels = [base64.b64decode(text) for text in page.evaluate(SHOWN, pairs)]
    return np.frombuffer(b"".join(pixels), np.uint8).reshape(len(codes), -1, 4)[..., :3]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    """What decodes in a page, fetched as the rule does."""
    path = tmp_path_factory.mktemp("runtime") / f"onnxruntime-web-{explorer_runtime.VERSION}.json"
    try:
        explorer_runtime.fetch(path)
    except UserError as error:
        pytest.skip(str(error))
    return path


@pytest.fixture(scope="module")
def explored(built, runtime, tmp_path_factory):
    """The digits, and pictures of two classes, one of a bad name, told to both networks."""
    workspace = built.copy(tmp_path_factory.mktemp("explored") / "project")
    (workspace.path / "results/raw").mkdir(exist_ok=True)
    shutil.copy(runtime, workspace.path / "results/raw")
    rng = np.random.default_rng(0)
    for number in range(60):
        folder = workspace.path / "pictures" / ("plain" if number % 2 else EVIL)
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (12, 12, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    pictures = {"source": {"folder": "pictures"}, "size": 12, "latent_dim": [5], "epochs": 1}
    pictures |= {"model": "conv", "filters": 4, "intermediate_dim": 8, "conditional": True}
    workspace.write_config({"datasets": TINY["datasets"] | {"pictures": pictures}})
    targets = [f"results/{name}/explorer.html" for name in ("digits", "pictures")]
    done = workspace.snakemake("--cores", "2", "--", *targets)
    assert done.returncode == 0, done.stdout + done.stderr
    return workspace


@pytest.fixture(scope="module")
def chromium():
    with browser() as launched:
        yield launched


def open_run(chromium, workspace, run, fragment="", **options):
    return opened(chromium, workspace.path / f"results/{run}/explorer.html", fragment, **options)


@pytest.fixture
def page(chromium, explored, request):
    """A page that is ready: by default of three dimensions."""
    with open_run(chromium, explored, getattr(request, "param", "digits/ld_3")) as page:
        ready(page)
        yield page


def ready(page):
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    settled(page)


def settled(page):
    page.wait_for_function("() => !explorer.pending")


def code(page):
    return page.evaluate("Array.from(explorer.z)")


def fragment(page):
    """The address, once it says what the page shows."""
    page.evaluate("explorer.writeAddress()")
    return page.evaluate("location.hash")


def check_images(page, path, name, spread=2):
    """Compare images of 50 random codes in a page with those of ONNX Runtime in Python.

    spread: standard deviation of the codes; large for untrained networks, which else draw gray.
    """
    decoder = Decoder(path)
    z = spread * np.random.default_rng(0).standard_normal((50, decoder.latent_dim), np.float32)
    labels = np.arange(50) % max(1, decoder.classes)
    expected = decoder(z, labels)
    assert np.ptp(expected, axis=0).max() > 0.02, "images that differ"
    pixels = shown(page, z, labels).reshape((*expected.shape[:3], 3))
    difference = np.abs(pixels / 255 - expected).max()
    print(f"\n{name}: at most {255 * difference:.3f}/255 between page and Python")
    assert difference <= 1 / 255


@pytest.mark.parametrize("run", PAGES)
def test_images_are_those_of_onnx_runtime_in_python(chromium, explored, run):
    with open_run(chromium, explored, run) as page:
        ready(page)
        check_images(page, explored.path / f"results/{run}/decoder.onnx", run)


def test_a_page_is_small_and_has_all_in_it(explored):
    for run in PAGES:
        path = explored.path / f"results/{run}/explorer.html"
        decoder = (path.parent / "decoder.onnx").read_bytes()
        size = path.stat().st_size - len(explorer_runtime.pack(decoder))
        assert 4e6 < size < 6e6


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


def test_draws_have_the_spread_of_prior_and_mixture(page, explored):
    draws = page.evaluate(
        """Object.fromEntries(["prior", "mixture"].map((origin) => [origin,
            Array.from({ length: 4000 }, () => Array.from(explorer.random(origin)))]))"""
    )
    prior, mixed = np.array(draws["prior"]), np.array(draws["mixture"])
    np.testing.assert_allclose(prior.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(np.cov(prior.T), np.eye(3), atol=0.15)
    fitted = mixture.load(explored.path / "results/digits/ld_3/mixture.npz").draw(4000)
    np.testing.assert_allclose(mixed.mean(axis=0), fitted.mean(axis=0), atol=0.15)
    np.testing.assert_allclose(np.cov(mixed.T), np.cov(fitted.T), atol=0.3)


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
    kl = page.evaluate("explorer.run.kl")
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


@pytest.mark.parametrize("page", ["pictures/ld_5"], indirect=True)
def test_names_of_classes_are_harmless_and_classes_can_be_chosen(page):
    assert page.get_by_role("button", name=EVIL, exact=True).count() == 1
    assert page.locator("#label option").all_inner_texts() == [EVIL, "plain"]
    images = {}
    for name in (EVIL, "plain"):
        page.locator("#label").select_option(name)
        settled(page)
        images[name] = page.locator("#image").evaluate("canvas => canvas.toDataURL()")
    assert images[EVIL] != images["plain"]
    page.locator("#gallery button").first.click()
    settled(page)
    assert page.evaluate("explorer.label === explorer.run.labels[explorer.original]")
    assert page.locator("img").count() == 0


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


def test_the_pages_of_a_dataset_are_linked_side_by_side(chromium, explored):
    with opened(chromium, explored.path / "results/digits/explorer.html") as page:
        assert page.locator("h2").all_inner_texts() == ["ld_2", "ld_3"]
        page.get_by_role("link", name=re.compile("ld_3")).click()
        ready(page)
        assert page.title() == "digits · ld_3"


def test_it_opens_from_the_report(chromium, explored, tmp_path):
    done = explored.snakemake(
        "--report", str(tmp_path / "report.zip"), "--", "results/digits/explorer.html"
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        archive.extractall(tmp_path)
    pages = sorted((tmp_path / "report").rglob("explorer.html"))
    assert len(pages) == 2
    with opened(chromium, pages[0]) as page:
        ready(page)


def test_adding_a_run_builds_its_page_and_the_linking_one(explored, tmp_path):
    workspace = explored.copy(tmp_path / "project")
    assert workspace.planned("--", "results/digits/explorer.html") == {}
    content = workspace.config
    content["datasets"]["digits"]["latent_dim"] = [2, 3, 4]
    workspace.write_config(content)
    plan = workspace.planned("--", "results/digits/explorer.html")
    assert plan["explore"] == {"digits/ld_4"}
    assert plan["link_explorers"] == {"digits"}
    assert plan["train"] == {"digits/ld_4"}
    content["datasets"]["digits"]["explorer"] = {"runs": ["ld_3"]}
    workspace.write_config(content)
    assert workspace.planned("--", "results/digits/explorer.html") == {"link_explorers": {"digits"}}
    content["datasets"]["digits"]["explorer"] = {"images": 5}
    content["datasets"]["digits"]["latent_dim"] = [2, 3]
    workspace.write_config(content)
    plan = workspace.planned("--", "results/digits/explorer.html")
    assert plan == {"explore": {"digits/ld_2", "digits/ld_3"}, "link_explorers": {"digits"}}


def test_an_edit_of_the_page_builds_the_pages_alone(explored, tmp_path):
    workspace = explored.copy(tmp_path / "project")
    workspace.edit("scripts/vae/explorer/web/page.css", ":root", "/* More. */ :root")
    plan = workspace.planned("--", "results/digits/explorer.html")
    assert plan == {"explore": {"digits/ld_2", "digits/ld_3"}, "link_explorers": {"digits"}}


def test_nothing_of_it_is_built_unless_asked_for(explored):
    assert not {"explore", "download_runtime"} & explored.planned("--forceall").keys()


def test_an_unknown_run_is_told(unbuilt_copy):
    content = unbuilt_copy.config
    content["datasets"]["digits"]["explorer"] = {"runs": ["ld_22"]}
    unbuilt_copy.write_config(content)
    done = unbuilt_copy.snakemake("-n")
    assert done.returncode == 1
    assert (
        "datasets.digits.explorer.runs: no run is called 'ld_22', did you mean ld_2?" in done.stderr
    )


def test_another_version_of_the_runtime_is_fetched(unbuilt_copy):
    version = f'VERSION = "{explorer_runtime.VERSION}"'
    unbuilt_copy.edit("scripts/vae/explorer/runtime.py", version, 'VERSION = "1.99.0"')
    done = unbuilt_copy.snakemake("-n", "results/digits/explorer.html")
    assert "output: results/raw/onnxruntime-web-1.99.0.json" in done.stdout + done.stderr


def write_page(path, runtime, decoder, latent_dim, shape, labels, names, at_most):
    """A page of an ONNX file and of as many random test images as there are labels."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((len(labels), latent_dim), np.float32)
    facts = explorer_page.content(
        {
            "dataset": "random",
            "run": f"ld_{latent_dim}",
            "class_names": names,
            "settings": {"model": "mlp", "conditional": False},
        },
        Latents(z, np.zeros_like(z), labels, names),
        rng.integers(0, 256, (len(labels), *shape), np.uint8),
        mixture.Mixture(np.ones(1), np.zeros((1, latent_dim)), np.eye(latent_dim)[None]),
        decoder.read_bytes(),
        at_most,
    )
    path.write_text(explorer_page.page(facts, explorer_runtime.load(runtime)), encoding="utf-8")


@pytest.mark.parametrize("latent_dim", [1, 2, 1500])
def test_any_latent_size_and_images_without_classes(chromium, runtime, tmp_path, latent_dim):
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["mean"]),
    ]
    weights = np.eye(latent_dim, 48, dtype=np.float32)
    constants = {"w": weights, "shape": np.array([-1, 4, 4, 3])}
    decoder = tmp_path / "decoder.onnx"
    write(decoder, {"z": (latent_dim,)}, {"mean": (4, 4, 3)}, nodes, constants)
    path, labels = tmp_path / "explorer.html", np.full(50, -1)
    write_page(path, runtime, decoder, latent_dim, (4, 4, 3), labels, (), at_most=0)
    with opened(chromium, path, "#show=points,density,images") as page:
        ready(page)
        assert code(page) == [0] * latent_dim
        page.locator("#plane").focus()
        page.keyboard.press("ArrowRight")
        settled(page)
        assert shown(page, np.eye(1, latent_dim), [0])[0, 0, 0] == 255
        page.wait_for_function("() => explorer.lattice")
        assert not page.locator("#near").is_visible()
        assert page.locator("#basis").is_visible() == (latent_dim == 2)
        assert page.locator("#others").is_visible() == (latent_dim > 2)


@pytest.mark.parametrize(
    ("name", "model", "shape", "settings", "least"),
    [
        ("dense, 28x28", "mlp", (28, 28, 1), {"latent_dim": 2, "intermediate_dim": 512}, 60),
        (
            "caltech101_92",
            "conv",
            (92, 92, 3),
            {"latent_dim": 32, "filters": 32, "intermediate_dim": 256},
            30,
        ),
    ],
)
def test_it_is_fast_and_exact(chromium, runtime, tmp_path, name, model, shape, settings, least):
    """Networks of the real sizes, untrained, beside 1,000 random test images."""
    from tests.training.test_elbo import RUN
    from vae.training import export, fit

    vae = fit.build(shape, RUN | settings | {"model": model})
    export.write_onnx(vae.decoder, tmp_path / "decoder.onnx")
    decoder, path = tmp_path / "decoder.onnx", tmp_path / "explorer.html"
    labels, names = np.arange(1000) % 10, tuple("0123456789")
    write_page(path, runtime, decoder, settings["latent_dim"], shape, labels, names, at_most=200)
    with opened(chromium, path) as page:
        ready(page)
        check_images(page, decoder, name, spread=100)
        times = page.evaluate(DRAG, 2)
    print(
        f"\n{name}: {1000 / times['decode']:,.0f} decodes a second; a frame takes "
        f"{times['frame']:.2f} ms; {times['frames']:.0f} frames a second while dragging"
    )
    # The work of a frame, not the frames: these depend on what else the machine does.
    assert times["frame"] < 1000 / least
