"""The command on networks that are computed by hand."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from onnx import helper
from PIL import Image

from scripts import generate
from tests.helpers import ROOT
from tests.helpers.networks import gaussian_decoder, write
from vae.latent import mixture
from vae.services.errors import UserError
from vae.terminal import code_text
from vae.terminal.trained_run import number

SHAPE = (4, 4, 1)


@pytest.fixture
def run(tmp_path):
    """mean = z in the first two pixels, else 0; z = the first two pixels of the image."""
    folder = tmp_path / "ld_2"
    folder.mkdir()
    weights = np.eye(2, 16, dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["mean"]),
    ]
    constants = {"w": weights, "shape": np.array([-1, *SHAPE])}
    write(folder / "decoder.onnx", {"z": (2,)}, {"mean": SHAPE}, nodes, constants)
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["z"]),
    ]
    inputs, outputs = {"image": SHAPE}, {"z": (2,)}
    write(folder / "encoder.onnx", inputs, outputs, nodes, {"w": weights.T.copy()})
    return folder


@pytest.fixture
def conditional(run):
    """The same; the class goes to the third and fourth pixels."""
    nodes = [
        helper.make_node("Concat", ["z", "class"], ["both"], axis=1),
        helper.make_node("MatMul", ["both", "w"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["mean"]),
    ]
    constants = {"w": np.eye(4, 16, dtype=np.float32), "shape": np.array([-1, *SHAPE])}
    inputs = {"z": (2,), "class": (2,)}
    write(run / "decoder.onnx", inputs, {"mean": SHAPE}, nodes, constants)
    return run


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def call(*words):
    return generate.main([str(word) for word in words])


def test_a_code_becomes_a_picture_of_sharp_pixels(run, tmp_path):
    assert call(run, "--z", "0.2", "1", "-o", tmp_path / "a.png") == 0
    image = pixels(tmp_path / "a.png")
    assert image.shape == (96, 96, 3)
    assert (image[::24, ::24, 0][0] == [51, 255, 0, 0]).all()
    assert call(run, "--z", "0.2", "1", "--scale", 1, "-o", tmp_path / "b.png") == 0
    np.testing.assert_array_equal(pixels(tmp_path / "b.png"), image[::24, ::24])


@pytest.mark.parametrize("command", [["--z", "0.2", "0.6"], ["--random", "400"]])
def test_pixels_are_drawn_from_the_likelihood(tmp_path, command):
    weight = np.zeros((2, 6))
    weight[:, :2] = np.eye(2)
    gaussian_decoder(tmp_path / "decoder.onnx", weight, 0.1, np.zeros(6), likelihood="gaussian")
    files = {seed: tmp_path / f"{seed}.npy" for seed in ("0", "1")}
    for seed, file in files.items():
        assert call(tmp_path, *command, "--pixels", "--seed", seed, "-o", file) == 0
    drawn, other = map(np.load, files.values())
    assert call(tmp_path, *command, "-o", tmp_path / "mean.npy") == 0
    assert call(tmp_path, *command, "--pixels", "-o", tmp_path / "again.npy") == 0
    np.testing.assert_array_equal(drawn, np.load(tmp_path / "again.npy"))
    assert (drawn != other).any()
    noise = drawn - np.clip(np.load(tmp_path / "mean.npy"), 0, 1)
    np.testing.assert_array_equal(np.rint(255 * drawn) / np.float32(255), drawn)
    assert 0 < np.abs(noise).max() < 0.6


@pytest.mark.parametrize("z", [["-1e-1", "-.5"], ["-0.1,-5e-1"], ["[-0.1, -0.5]"]])
def test_negative_numbers_are_no_options(run, tmp_path, z):
    assert call(run, "--z", *z, "-o", tmp_path / "a.csv") == 0
    assert (tmp_path / "a.csv").read_text() == code_text.text(np.float32([[-0.1, -0.5]]))


def test_random_codes_are_those_of_their_seed(run, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert call(run, "--random", 5, "--seed", seed, "-o", tmp_path / f"{name}.csv") == 0
    a, b, c = (code_text.parse((tmp_path / f"{n}.csv").read_text(), 2, n) for n in "abc")
    np.testing.assert_array_equal(a, b)
    assert a.shape == (5, 2)
    assert (a != c).all()


def test_random_codes_of_the_mixture(run, tmp_path, capsys):
    words = (run, "--random", 9, "--origin", "mixture", "-o", tmp_path / "a.csv")
    assert call(*words) == 1
    assert "mixture.npz is missing" in capsys.readouterr().err
    narrow = mixture.Mixture(np.ones(1), np.array([[5.0, -5.0]]), 1e-3 * np.eye(2)[None])
    mixture.save(narrow, run / "mixture.npz")
    assert call(*words) == 0
    z = code_text.parse((tmp_path / "a.csv").read_text(), 2, "a")
    np.testing.assert_allclose(z, np.tile([5, -5], (9, 1)), atol=0.1)


def test_pixels_are_what_the_decoder_gives(run, tmp_path):
    assert call(run, "--random", 5, "-o", tmp_path / "a.npy") == 0
    assert call(run, "--random", 5, "-o", tmp_path / "a.csv") == 0
    z = code_text.parse((tmp_path / "a.csv").read_text(), 2, "a")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy").reshape(5, 16)[:, :2], z)


@pytest.mark.parametrize("suffix", [".png", ".gif", ".jpg", ".webp"])
def test_a_grid_is_laid_out_as_in_the_figure(run, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    assert call(run, "--grid", 3, "--scale", 2, "-o", path) == 0
    with Image.open(path) as image:
        assert image.size == ((8, 8) if suffix == ".gif" else (3 * 8 + 2 * 2,) * 2)
        assert getattr(image, "n_frames", 1) >= (9 if suffix == ".gif" else 1)


def test_the_code_of_a_picture_is_printed_and_decodes_to_it(run, tmp_path, capsys):
    gray = np.zeros((4, 4), np.uint8)
    gray[0, :2] = 51, 255
    Image.fromarray(gray).save(tmp_path / "a.png")
    assert call(run, "--encode", tmp_path / "a.png") == 0
    text = capsys.readouterr().out
    np.testing.assert_allclose(code_text.parse(text, 2, "a"), [[0.2, 1]], atol=1e-6)
    (tmp_path / "a.csv").write_text(text)
    assert call(run, "--codes", tmp_path / "a.csv", "--scale", 1, "-o", tmp_path / "b.png") == 0
    np.testing.assert_array_equal(pixels(tmp_path / "b.png")[..., 0], gray)
    assert call(run, "--encode", tmp_path / "a.png", "--invert") == 0
    np.testing.assert_allclose(
        code_text.parse(capsys.readouterr().out, 2, ""), [[0.8, 0]], atol=1e-6
    )


def test_codes_are_printed_after_the_names_of_their_files(run, tmp_path, capsys, monkeypatch):
    """Of files, of a folder and of a pattern; what is printed is read back."""
    monkeypatch.chdir(tmp_path)
    for i, name in enumerate(("b.png", "photos/1.png", "photos/a/7, 8.JPG", "photos/a/ü.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), 255 * (i % 2)).save(tmp_path / name)
    (tmp_path / "photos/notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()
    in_photos = ["photos/1.png", '"photos/a/7, 8.JPG"', "photos/a/ü.png"]
    for words, names in {
        ("b.png", "photos/1.png"): ["b.png", "photos/1.png"],
        ("photos", "b.png"): [*in_photos, "b.png"],
        ("photos/*/*.png",): ["photos/a/ü.png"],
        ("photos/**/*.png",): ["photos/1.png", "photos/a/ü.png"],
    }.items():
        assert call(run, "--encode", *words) == 0
        text = capsys.readouterr().out
        head, *rows = text.splitlines()
        assert head == "file,z0,z1"
        assert [row.rsplit(",", 2)[0] for row in rows] == names
        assert code_text.parse(text, 2, "a").shape == (len(names), 2)
    assert call(run, "--encode", "photos", "-o", "codes.csv") == 0
    assert (tmp_path / "codes.csv").read_text().startswith("file,z0,z1\nphotos/1.png,1,1\n")
    for nothing in ("empty", "*.gif"):
        assert call(run, "--encode", nothing) == 1
        assert f"{nothing}: there is no picture in it." in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "darwin", reason="names of files are text on this system")
def test_a_name_that_is_no_text_is_printed_as_it_is(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    odd = os.fsdecode(b"\xff.png")
    Image.new("L", (4, 4), 255).save(odd)
    assert call(run, "--encode", odd, "-o", "codes.csv") == 0
    command = [sys.executable, ROOT / "scripts/generate.py", run, "--encode", odd]
    printed = subprocess.run(command, capture_output=True, check=True).stdout
    assert printed == (tmp_path / "codes.csv").read_bytes()
    assert printed == b"file,z0,z1\n\xff.png,1,1\n"
    assert call(run, "--codes", "codes.csv", "-o", "again.png") == 0


@pytest.mark.parametrize(
    ("crop", "expected"),
    [("fit", (0.2, 0.8)), ("stretch", (0.1, 0.4)), ("pad", (0.05, 0.2))],
)
def test_pictures_are_encoded_at_a_size_that_is_not_square(run, tmp_path, capsys, crop, expected):
    """Images of 4x6 pixels; the code is the mean of the left and of the right half.

    As those that the run was trained on, unless --crop says otherwise.
    """
    picture = np.zeros((80, 240), np.uint8)  # twice as wide as the images: the rest is black
    picture[:, 60:120], picture[:, 120:180] = 51, 204
    Image.fromarray(picture).save(tmp_path / "a.png")
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["z"]),
    ]
    weights = np.tile(np.eye(2, dtype=np.float32).repeat(3, axis=0) / 12, (4, 1))
    words = [run, "--encode", tmp_path / "a.png"]
    for trained, asked in ((crop, []), ("pad", ["--crop", crop])):
        image = {"preparation": {"crop": trained}}
        inputs, outputs = {"image": (4, 6, 1)}, {"z": (2,)}
        write(run / "encoder.onnx", inputs, outputs, nodes, {"w": weights}, image=image)
        assert call(*words, *asked) == 0
        z = code_text.parse(capsys.readouterr().out, 2, "a")
        np.testing.assert_allclose(z, [expected], atol=0.03)


def test_a_run_that_does_not_say_how_its_images_were_cropped_asks(run, tmp_path, capsys):
    nodes = [helper.make_node("Flatten", ["image"], ["z"])]
    image = {"preparation": {}}
    write(run / "encoder.onnx", {"image": (2, 1, 1)}, {"z": (2,)}, nodes, {}, image=image)
    Image.new("L", (4, 4), 255).save(tmp_path / "a.png")
    assert call(run, "--encode", tmp_path / "a.png") == 1
    assert "--crop fit, stretch or pad" in capsys.readouterr().err
    assert call(run, "--encode", tmp_path / "a.png", "--crop", "fit") == 0


def test_a_walk_goes_there_and_back(run, tmp_path):
    for name, value in (("a", 0), ("b", 255)):
        Image.new("L", (4, 4), value).save(tmp_path / f"{name}.png")
    words = (run, "--interpolate", tmp_path / "a.png", tmp_path / "b.png", "--steps", 5, "-o")
    assert call(*words, tmp_path / "walk.csv") == 0
    z = code_text.parse((tmp_path / "walk.csv").read_text(), 2, "walk")
    np.testing.assert_allclose(z, np.linspace(0, 1, 5)[:, None].repeat(2, 1), atol=1e-6)
    assert call(*words, tmp_path / "walk.gif") == 0
    with Image.open(tmp_path / "walk.gif") as image:
        assert image.n_frames == 8


def test_codes_from_standard_input_and_a_picture_to_standard_output(run):
    done = subprocess.run(
        [sys.executable, "-m", "scripts.generate", str(run), "-o", "-"],
        input=b"1 0\n0 1\n",
        capture_output=True,
        check=True,
    )
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert image.size == (2 * 96 + 24, 96)
    assert not done.stderr


def test_a_class_is_chosen_by_name_or_number(conditional, tmp_path):
    for label in ("dog", 1):
        words = (conditional, "--z", 0, 0, "--class", label, "-o", tmp_path / "a.npy")
        assert call(*words) == 0
        np.testing.assert_array_equal(np.load(tmp_path / "a.npy")[0, 0, :, 0], [0, 0, 0, 1])


def test_a_number_is_a_name_where_names_are_numbers():
    assert number("10", ["2", "10"]) == 1
    assert number("1", ["cat", "dog"]) == 1
    with pytest.raises(UserError, match=r"there is no '1'.* in 2, 10\."):
        number("1", ["2", "10"])


def test_random_images_of_a_conditional_run_go_through_the_classes(conditional, tmp_path):
    assert call(conditional, "--random", 4, "-o", tmp_path / "a.npy") == 0
    of_class = np.load(tmp_path / "a.npy")[:, 0, 2:, 0]
    np.testing.assert_array_equal(of_class, [[1, 0], [1, 0], [0, 1], [0, 1]])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--z", "1"], "--z: a code of this run is 2 numbers, not 1."),
        (["--z", "1", "x"], "'x' is no number"),
        (["--z", "1", "2", "--class", "dog"], "is not conditional"),
        (["--z", "1", "2", "-o", "a.foo"], "no ending of a picture"),
        (["--z", "1", "2"], "Say where the image is to go"),
        (["--z", "1", "2", "-o", "a.psd"], "no ending of a picture"),
        (["--codes", "none.csv"], "none.csv cannot be read"),
        (["--encode", "none.png"], "none.png cannot be read as a picture"),
    ],
)
def test_mistakes_are_told(run, capsys, words, message):
    assert call(run, *words) == 1
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "message"),
    [([], "--class says which of cat, dog."), (["--class", "dgo"], "did you mean dog")],
)
def test_mistakes_about_classes_are_told(conditional, capsys, words, message):
    assert call(conditional, "--z", 0, 0, *words) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--random", "0"], ["--random", "1.5"], ["--seed", "-1"]])
def test_numbers_that_make_no_sense_are_refused(run, capsys, words):
    with pytest.raises(SystemExit):
        call(run, *words)
    assert f"argument {words[0]}: " in capsys.readouterr().err


def test_a_folder_without_a_run_says_how_to_train_one(tmp_path, capsys):
    assert call(tmp_path, "--random", 1) == 1
    assert f"snakemake --cores 2 {tmp_path}/grid.png" in capsys.readouterr().err


def test_on_a_terminal_it_asks_and_draws(run, tmp_path, monkeypatch, capsys):
    lines = iter(["1 0", "0 0", "x", f"save {tmp_path / 'a.png'}", "quit"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setenv("NO_COLOR", "1")
    assert call(run) == 0
    said = capsys.readouterr().out
    assert said.count("█" * 8) == 4, "one white pixel, eightfold"
    assert "'x' is no number" in said
    assert (tmp_path / "a.png").is_file()


def test_it_starts_without_what_takes_long(run):
    code = "import sys, scripts.generate; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {"tensorflow", "keras", "scipy", "matplotlib", "pandas", "sklearn", "pydantic"}
    assert not slow & set(done.stdout.split())
