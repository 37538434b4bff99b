"""Runs to compare, without a training."""

from vae.evaluation import comparison


def run(latent_dim, seed=0, epochs=60, likelihood="bernoulli", **values):
    """A run.json and a metrics.json of what a comparison reads."""
    settings = {
        "latent_dim": latent_dim,
        "epochs": epochs,
        "likelihood": likelihood,
        "seed": seed,
        "model": "mlp",
    }
    name = f"ld_{latent_dim}_e_{epochs}_l_{likelihood}_seed_{seed}"
    record = {"run": name, "parameters": 10 * latent_dim, "seconds": 5.0, "settings": settings}
    values = {"kl": 6.0, "reconstruction": 140.0, "mse": 0.04, "elbo": -150.0} | values
    return record, {"metrics": {key: {"value": value} for key, value in values.items()}}


def table(*runs):
    """The table of comparison.csv."""
    return comparison.table(*map(list, zip(*runs, strict=True)))
