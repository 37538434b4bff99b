"""Plot where the encoder puts the test images."""

from vae.figures import charts, sheet
from vae.latent.codes import load
from vae.services.jobs import job


def plot_latent(latents: str, path: str, title: str) -> None:
    """Draw the latent space by class, whatever its number of dimensions."""
    data = load(latents)
    figure = charts.latent_space(data.z_mean, data.labels, data.class_names, data.kl, title)
    sheet.save(figure, path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_latent(
            latents=snakemake.input.latents,
            path=snakemake.output[0],
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
