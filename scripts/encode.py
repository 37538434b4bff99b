"""Encode the test images of a run."""

from vae.data import images as dataset
from vae.latent.codes import Latents, save
from vae.latent.onnx import Encoder
from vae.services.jobs import job


def encode(images: str, encoder: str, path: str, threads: int) -> None:
    """Write the codes, the labels and the class names of the test set to an npz file."""
    data = dataset.load(images)
    z_mean, z_log_var = Encoder(encoder, threads)(data.test.pixels, data.test.labels)
    save(Latents(z_mean, z_log_var, data.test.labels, data.class_names), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        encode(
            images=snakemake.input.images,
            encoder=snakemake.input.encoder,
            path=snakemake.output[0],
            threads=snakemake.threads,
        )
