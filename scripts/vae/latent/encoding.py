"""Encoding the images of a dataset with a trained encoder."""

from vae.data import images
from vae.latent import codes
from vae.latent.onnx import Encoder


def encode_test_images(
    path_to_images: str, path_to_encoder: str, path_to_latents: str, threads: int
) -> None:
    """Write the codes, the labels and the class names of a test set to an npz file."""
    data = images.load(path_to_images)
    z_mean, z_log_var = Encoder(path_to_encoder, threads)(data.test.pixels, data.test.labels)
    latents = codes.Latents(z_mean, z_log_var, data.test.labels, data.class_names)
    codes.save(latents, path_to_latents)
