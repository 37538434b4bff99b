"""A comparison of runs as a table of docs/results.md; `benchmarks.quality` prints them."""

import pandas as pd

# Column of the table, column of comparison.csv, decimals.
COLUMNS = [
    ("−ELBO", "elbo", 2),
    ("NLL, importance-weighted", "nll_importance_weighted", 2),
    ("NLL, exact", "nll_exact", 2),
    ("bits a dimension", "bits_per_dimension", 3),
    ("KL", "kl", 2),
    ("active units", "active_units", 1),
    ("MSE", "mse", 5),
    ("MSE of PCA", "pca_mse", 5),
    ("Fréchet, prior", "classifier_frechet_distance_prior", 2),
    ("detail at 0.8", "classifier_frechet_distance_tempered", 2),
    ("mixture", "classifier_frechet_distance_mixture", 2),
    ("second stage", "classifier_frechet_distance_second_stage", 2),
    ("reconstructions", "classifier_frechet_distance_reconstructions", 2),
    ("training images", "classifier_frechet_distance_floor", 2),
    ("training, s", "seconds", 0),
]


def table(rows: pd.DataFrame) -> str:
    """Return a Markdown table: a row a setting, mean ± standard deviation over seeds.

    What other settings a run has is in its name.
    """
    shown = [column for column in COLUMNS if column[1] in rows]
    head = ["run", "latent size", "seeds", *(name for name, *_ in shown)]
    lines = [head, ["---"] * len(head)]
    for _, row in rows.iterrows():
        figures = [_figure(row, key, decimals) for _, key, decimals in shown]
        name = f"`{row['runs'].split()[0]}`"
        lines.append([name, str(row["latent_dim"]), str(row["seeds"]), *figures])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figure(row: pd.Series, key: str, decimals: int) -> str:
    if pd.isna(row[key]):
        return ""
    value = -row[key] if key == "elbo" else row[key]
    text = f"{value:.{decimals}f}".replace("-", "−")
    spread = row[f"{key}_sd"]
    return text if pd.isna(spread) else f"{text} ± {spread:.{decimals}f}"
