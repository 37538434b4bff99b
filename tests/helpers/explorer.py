"""What a page of the explorer does in a browser, and what it shows."""

import base64

import numpy as np

from tests.helpers.browser import opened
from vae.latent.onnx import Decoder

EVIL = "<img src=x onerror=alert(1)>"
PAGES = ["digits/ld_2", "digits/ld_3", "pictures/ld_5"]

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


def open_run(chromium, workspace, run, fragment="", **options):
    return opened(chromium, workspace.path / f"results/{run}/explorer.html", fragment, **options)


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
