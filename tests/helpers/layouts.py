"""Tiny raw files in the official layouts of the sources that config/sources.yaml names.

Each function writes the files of a source into a folder, and returns the images that are in them,
upright, and the names of their classes, by split.
"""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from vae.data.sources import idx
from vae.plan.loading import load

Expected = dict[str, tuple[np.ndarray, list[str]]]

MEDMNIST = "bloodmnist breastmnist chestmnist dermamnist octmnist organamnist organcmnist"
MEDMNIST += " organsmnist pathmnist pneumoniamnist retinamnist tissuemnist"
SPLITS = {"train": 8, "validation": 3, "test": 4}


def letters(count: int, side: int = 28, channels: int = 1, high: int = 255) -> np.ndarray:
    """Images of an F, no two alike, uint8 [N, S, S, C]: whoever turns or mirrors one is seen."""
    images = np.zeros((count, side, side, channels), np.uint8)
    for i, image in enumerate(images):
        left, top, long = side // 4 + i % 3, side // 8 + i % 2, side // 2
        image[top : top + long + 4, left : left + 3] = high
        image[top : top + 3, left : left + long] = high
        image[top + long // 2 : top + long // 2 + 2, left : left + long // 2] = high
        image[-1, -1 - i % 5] = high
        if channels > 1:
            image[..., 1] //= 2  # orange
            image[..., 2] //= 4
    return images


def mnist(folder: Path) -> Expected:
    """Of the ten classes 0 to 9, the last one comes last."""
    expected = {}
    for part, split in (("train", "train"), ("t10k", "test")):
        images, labels = letters(20), np.arange(20) % 10
        for kind, array in (("images-idx3", images[..., 0]), ("labels-idx1", labels)):
            content = gzip.compress(idx.build(array.astype(np.uint8)))
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(content)
        expected[split] = images, [str(label) for label in labels]
    return expected


def kmnist(folder: Path) -> Expected:
    names = "o ki su tsu na ha ma ya re wo".split()
    return {
        split: (images, [names[int(label)] for label in labels])
        for split, (images, labels) in mnist(folder).items()
    }


def emnist(folder: Path) -> Expected:
    """Images lie on their sides; letters count from 1."""
    balanced = [*"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"]
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for subset, names, first in (("letters", [chr(65 + k) for k in range(26)], 1),
                                     ("balanced", balanced, 0)):  # fmt: skip
            for part in ("train", "test"):
                images = letters(len(names))
                labels = np.arange(first, first + len(names), dtype=np.uint8)
                start = f"gzip/emnist-{subset}-{part}"
                for kind, array in (
                    ("images-idx3", images[..., 0].swapaxes(1, 2)),
                    ("labels-idx1", labels),
                ):
                    archive.writestr(f"{start}-{kind}-ubyte.gz", gzip.compress(idx.build(array)))
        archive.writestr("gzip/emnist-balanced-mapping.txt", "0 48\n")
    return dict.fromkeys(("train", "test"), (images, balanced))


def static_mnist(folder: Path) -> Expected:
    expected = {}
    for word, split in (("train", "train"), ("valid", "validation"), ("test", "test")):
        images = letters(SPLITS[split], high=1)
        lines = (" ".join(map(str, image.ravel())) for image in images)
        text = "".join(f"{line} \n" for line in lines)
        (folder / f"binarized_mnist_{word}.amat").write_text(text)
        expected[split] = 255 * images, [""] * len(images)
    return expected


def columns_first(images: np.ndarray) -> np.ndarray:
    """Each image [S, S, 1] as a row of its columns, as MATLAB lays it out."""
    return np.stack([image[..., 0].flatten(order="F") for image in images])


def omniglot(folder: Path) -> Expected:
    """From 0 to 1; an image is a column, and its alphabet the row of `target` that is 1."""
    arrays, expected = {}, {}
    for start, split, count in (("", "train", 60), ("test", "test", 51)):
        images, alphabets = letters(count), np.arange(count) % 50
        arrays[f"{start}data"] = columns_first(images).T / 255
        arrays[f"{start}target"] = np.eye(50)[:, alphabets]
        arrays[f"{start}targetchar"] = np.arange(1, count + 1)[None] % 55
        expected[split] = images, [str(alphabet + 1) for alphabet in alphabets]
    scipy.io.savemat(folder / "chardata.mat", arrays, do_compression=True)
    return expected


def silhouettes(folder: Path) -> Expected:
    """Of 0 and 1; labels from 1 to 101; the names of the classes are objects."""
    names = np.array([f"class {k}" for k in range(101)], object)[None]
    arrays, expected = {"classnames": names}, {}
    for word, split in (("train", "train"), ("val", "validation"), ("test", "test")):
        images, labels = letters(102, high=1), np.arange(102) % 101 + 1
        arrays[f"{word}_data"] = columns_first(images)
        arrays[f"{word}_labels"] = labels[:, None].astype(np.uint8)
        expected[split] = 255 * images, [str(label) for label in labels]
    scipy.io.savemat(folder / "caltech101_silhouettes_28_split1.mat", arrays, do_compression=True)
    return expected


def dsprites(folder: Path) -> Expected:
    """Of 0 and 1; without a split; `metadata` is a pickled object."""
    images, shapes = letters(12, side=64, high=1), np.arange(12) % 3
    classes = np.stack([0 * shapes, shapes, *[np.arange(12)] * 4], axis=1)
    np.savez_compressed(
        folder / "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
        metadata=np.array({"title": "dSprites"}, object),
        imgs=images[..., 0],
        latents_classes=classes,
        latents_values=classes + np.array([1, 1, 0.5, 0.25, 0, 0]),
    )
    names = np.array(["square", "ellipse", "heart"])
    return {"": (255 * images, names[shapes].tolist())}


def svhn(folder: Path) -> Expected:
    """In MATLAB's order of axes; the digit 0 is labelled 10."""
    expected = {}
    for split in ("train", "test"):
        images, digits = letters(20, side=32, channels=3), (np.arange(20) + 1) % 10
        labels = np.where(digits == 0, 10, digits)[:, None].astype(float)
        arrays = {"X": np.moveaxis(images, 0, 3), "y": labels}
        scipy.io.savemat(folder / f"{split}_32x32.mat", arrays, do_compression=True)
        expected[split] = images, [str(digit) for digit in digits]
    return expected


def medmnist(folder: Path, name: str) -> Expected:
    """Gray or colour, with classes or, of chestmnist, with findings."""
    source = load().sources[name]
    channels = source.shape[2]
    arrays, expected = {}, {}
    for word, split in (("train", "train"), ("val", "validation"), ("test", "test")):
        classes = len(source.class_names)
        count = classes + SPLITS[split]
        images, labels = letters(count, channels=channels), np.arange(count) % classes
        arrays[f"{word}_images"] = images if channels == 3 else images[..., 0]
        findings = np.eye(classes, dtype=np.uint8)[labels]
        several = name == "chestmnist"
        arrays[f"{word}_labels"] = findings if several else labels[:, None].astype(np.uint8)
        expected[split] = images, ["" if several else source.class_names[k] for k in labels]
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    return expected


def stl10(folder: Path) -> Expected:
    """Planes of columns; labels from 1 to 10; labels come after their images."""
    names = "airplane bird car cat deer dog horse monkey ship truck".split()
    content, expected = {}, {}
    for split in ("train", "test"):
        images, labels = letters(11, side=96, channels=3), np.arange(11) % 10
        content[f"{split}_X.bin"] = images.transpose(0, 3, 2, 1).tobytes()
        content[f"{split}_y.bin"] = (labels + 1).astype(np.uint8).tobytes()
        expected[split] = images, [names[label] for label in labels]
    content["unlabeled_X.bin"] = letters(5, side=96, channels=3)[::-1].transpose(0, 3, 2, 1)
    content["unlabeled_X.bin"] = content["unlabeled_X.bin"].tobytes()
    content["class_names.txt"] = "\n".join([*names, ""]).encode()
    write_tar(folder / "stl10_binary.tar.gz", content)
    return expected


def write_tar(path: Path, content: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(f"stl10_binary/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def celeba(folder: Path, attributes: Sequence[str] = ("Smiling", "Young")) -> Expected:
    """JPEG files of 178x218 pixels, without classes; the middle 148 pixels are a 37th of an F."""
    splits = ["train"] * 8 + ["validation"] * 3 + ["test"] * 4
    faces = letters(len(splits), side=37, channels=3)
    with zipfile.ZipFile(folder / "img_align_celeba.zip", "w") as archive:
        archive.writestr("img_align_celeba/", "")
        for i, face in enumerate(faces):
            picture = Image.new("RGB", (178, 218), "blue")
            picture.paste(Image.fromarray(face).resize((148, 148), Image.Resampling.BOX), (15, 35))
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=95, subsampling=0)
            archive.writestr(f"img_align_celeba/{i + 1:06}.jpg", file.getvalue())
    numbers = {"train": 0, "validation": 1, "test": 2}
    lines = [f"{i + 1:06}.jpg {numbers[split]}\n" for i, split in enumerate(splits)]
    (folder / "list_eval_partition.txt").write_text("".join(lines))
    rows = [f"{i + 1:06}.jpg {2 * (i % 2) - 1:2} {1:2}\n" for i in range(len(splits))]
    text = f"{len(splits)}\n{' '.join(attributes)} \n{''.join(rows)}"
    (folder / "list_attr_celeba.txt").write_text(text)
    chosen = {name: faces[[split == name for split in splits]] for name in numbers}
    return {name: (images, [""] * len(images)) for name, images in chosen.items()}


# By the name of a source.
LAYOUTS: dict[str, Callable[[Path], Expected]] = {
    "kmnist": kmnist,
    "emnist": emnist,
    "static-mnist": static_mnist,
    "omniglot": omniglot,
    "silhouettes": silhouettes,
    "dsprites": dsprites,
    "svhn": svhn,
    "stl10": stl10,
    "celeba": celeba,
}
LAYOUTS |= {name: lambda folder, name=name: medmnist(folder, name) for name in MEDMNIST.split()}
