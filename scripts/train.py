"""Train the variational autoencoder of one run."""

from vae.services.jobs import job
from vae.training import run

if __name__ == "__main__":
    with job(snakemake.log[0]):
        run.train(
            path_to_images=snakemake.input.images,
            paths_to_weights=list(snakemake.input.start),
            settings=snakemake.params.run,
            code=snakemake.params.code,
            names=dict(snakemake.wildcards.items()),
            threads=snakemake.threads,
            outputs=dict(snakemake.output.items()),
            # No parameter of the rule: what is trained does not depend on it.
            tensorboard=snakemake.config["datasets"][snakemake.wildcards.dataset].get(
                "tensorboard"
            ),
        )
