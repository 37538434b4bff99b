"""The images in a page are those of ONNX Runtime in Python, whatever the network."""

import numpy as np
import pytest
from onnx import helper

from tests.helpers.browser import opened
from tests.helpers.config import run_settings
from tests.helpers.explorer import EVIL, PAGES, check_images, code, open_run, ready, settled, shown
from tests.helpers.networks import ABOUT, write
from vae.data.file_names import FileNames
from vae.explorer import page as explorer_page
from vae.explorer import runtime as explorer_runtime
from vae.latent import mixture
from vae.latent.codes import Codes
from vae.latent.onnx import Decoder

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


LADDER = {
    "latent_dim": 32,
    "filters": 64,
    "intermediate_dim": 256,
    "latent_channels": 4,
    "levels": 3,
    "patch": 4,
}


def write_page(path, runtime, decoder, latent_dim, shape, labels, names, at_most):
    """A page of an ONNX file and of as many random test images as there are labels."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((len(labels), latent_dim), np.float32)
    known = explorer_page.content(
        {
            "dataset": "random",
            "run": f"ld_{latent_dim}",
            "class_names": names,
            "resolved": {"model": "mlp", "conditional": False},
            "latent_size": Decoder(decoder).latent_size,
        },
        Codes(z, np.ones_like(z), labels, FileNames.none(len(z))),
        np.zeros(len(z)),
        rng.integers(0, 256, (len(labels), *shape), np.uint8),
        mixture.Mixture(np.ones(1), np.zeros((1, latent_dim)), np.eye(latent_dim)[None]),
        decoder.read_bytes(),
        at_most,
    )
    path.write_text(explorer_page.page(known, explorer_runtime.load(runtime)), encoding="utf-8")


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
    ("name", "model", "shape", "settings"),
    [
        ("dense, 28x28", "mlp", (28, 28, 1), {"latent_dim": 2, "intermediate_dim": 512}),
        (
            "caltech101_92",
            "conv",
            (92, 92, 3),
            {"latent_dim": 32, "filters": 32, "intermediate_dim": 256},
        ),
        ("ladder, 28x28", "ladder", (28, 28, 1), LADDER),
    ],
)
def test_networks_of_the_real_sizes_are_exact(
    chromium, runtime, tmp_path, name, model, shape, settings
):
    """Untrained, next to 1,000 random test images; `pytest -s` prints how fast the page is."""
    from vae.training import export, fit

    vae = fit.build(shape, run_settings(**settings | {"model": model}))
    groups = [{"name": group.name, "dimensions": group.size} for group in vae.groups]
    about = ABOUT | {"latent": ABOUT["latent"] | {"groups": groups}}
    export.write_onnx(export.networks(vae).decoder, tmp_path / "decoder.onnx", about)
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
