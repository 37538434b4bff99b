"""A map of codes: similar images lie close to each other in the plane, in `map.csv`."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae.latent import codes
from vae.latent.codes import random_rows
from vae.latent.principal_components import principal_components
from vae.services.errors import reading
from vae.services.files import atomic

MOST = 5000  # images on a map
COMPONENTS = 50  # of codes with more dimensions, as is usual
PERPLEXITY = 30
CLUSTERS = 10  # of images without classes
COLUMNS = ("index", "file", "class_name", "cluster", "x", "y")


class Map(NamedTuple):
    """Some test images, int64 [M], their places, float64 [M, 2], and k-means groups, int64 [M]."""

    rows: np.ndarray
    places: np.ndarray
    clusters: np.ndarray


def map_codes(path_to_codes: str | Path, path_to_map: str | Path, seed: int) -> None:
    """Write a map of the codes of test images, of MOST of them at random if there are more.

    Raises UserError if the codes are damaged.
    """
    dataset = codes.load(path_to_codes)
    test, names = dataset.splits["test"], dataset.class_names
    rows = random_rows(len(test), MOST, np.random.default_rng(seed))
    z, labels = test.z[rows], test.labels[rows]
    places = positions(z, seed)
    groups = clusters(z, len(np.unique(labels[labels >= 0])) or CLUSTERS, seed)
    with atomic(path_to_map) as part, open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        columns = (rows, test.files[rows], labels, groups, places)
        for row, image, label, group, place in zip(*columns, strict=True):
            name = names[label] if 0 <= label < len(names) else ""
            writer.writerow([row, image, name, group, *(f"{value:.4f}" for value in place)])


def load(path: str | Path) -> Map:
    """Read what `map_codes` wrote.

    Raises UserError if the file is damaged.
    """
    with reading(path), open(path, newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
        rows, groups = (np.array([int(line[key]) for line in lines]) for key in COLUMNS[:4:3])
        places = np.array([[float(line["x"]), float(line["y"])] for line in lines])
        return Map(rows, places.reshape(-1, 2), groups)


def positions(z: np.ndarray, seed: int = 0) -> np.ndarray:
    """Where codes z [N, D] lie on a map, float64 [N, 2], the middle of its sides at 0.

    By t-SNE (van der Maaten and Hinton 2008) from the first two principal components. Distances
    between groups, and their sizes, mean little. Of codes with more than COMPONENTS dimensions it
    sees their principal components; of fewer than five codes, or equal ones, these are the map.
    """
    from sklearn.manifold import TSNE  # a second, which whoever reads a map spares

    components = principal_components(z, COMPONENTS)
    scores = (z - components.mean) @ components.axes.T
    if len(z) < 5 or not np.ptp(z, axis=0).any():
        places = np.zeros((len(z), 2))
        places[:, : scores.shape[1]] = scores[:, :2]
    else:
        perplexity = min(PERPLEXITY, (len(z) - 1) / 3)
        model = TSNE(init="pca", perplexity=perplexity, random_state=seed)
        places = model.fit_transform(scores).astype(float)
    return places - (places.max(axis=0) + places.min(axis=0)) / 2


def clusters(z: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """The k-means group of each code z [N, D], from 0, the largest first: int64 [N]."""
    from sklearn.cluster import KMeans

    count = min(count, len(np.unique(z, axis=0)))
    found = KMeans(count, n_init=10, random_state=seed).fit_predict(z)
    order = np.argsort(-np.bincount(found, minlength=count), kind="stable")
    return np.argsort(order)[found]
