"""Runs to compare, without a training."""

from vae.evaluation import comparison, sample_metrics
from vae.evaluation.sample_metrics import full_name


def run(latent_dim, seed=0, epochs=60, likelihood="bernoulli", warnings=None, **values):
    """A run.json, a metrics.json and a sample_quality.json of what a comparison reads.

    warnings: of the training; values: of metrics, by name, of samples those called
    `classifier_<name>_<origin>`.
    """
    settings = {
        "latent_dim": latent_dim,
        "epochs": epochs,
        "likelihood": likelihood,
        "seed": seed,
        "model": "mlp",
        "binarize": "none",
    }
    name = f"ld_{latent_dim}_e_{epochs}_l_{likelihood}_seed_{seed}"
    record = {"run": name, "parameters": 10 * latent_dim, "seconds": 5.0, "resolved": settings}
    record["warnings"] = warnings or {}
    values = {"kl": 6.0, "reconstruction": 140.0, "mse": 0.04, "elbo": -150.0} | values
    metrics = {key: {"value": value} for key, value in values.items()}
    origins = {
        origin: {
            name: metrics.pop(full_name(name, origin))
            for name in sample_metrics.METRICS
            if full_name(name, origin) in metrics
        }
        for origin in sample_metrics.ORIGINS
    }
    return record, {"metrics": metrics, "warnings": {}}, {"origins": origins}


def table(*runs, recommended=(), **baselines):
    """The table of comparison.csv; baselines: metrics of the dataset, by name."""
    metrics = {name: {"value": value} for name, value in baselines.items()}
    of_runs = map(list, zip(*runs, strict=True))
    return comparison.table(*of_runs, {"metrics": metrics}, recommended)
