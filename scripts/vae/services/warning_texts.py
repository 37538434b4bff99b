"""What a warning about a trained run says, and what to do: by its name in run.json or metrics.json.

Records hold the name and the numbers alone, so that better words rerun nothing.
"""

from collections.abc import Mapping

TEXTS = {
    "few steps": "The training had {steps:,} steps, and fewer than 1,000 are rarely enough. Raise "
    "epochs or lower batch_size (auto chooses both).",
    "overfitting": "The {held_out} loss, {measured:,.2f}, is far above the training loss, "
    "{loss:,.2f}: the network has learned its images by heart. More images help, or augment_shift "
    "and its relatives, a smaller network, keep: best.",
    "past the best": "The weights are those of epoch {epoch}, with a {held_out} loss of "
    "{measured:,.2f}; epoch {best_epoch} had {best:,.2f}. With validation images, keep: best saves "
    "the weights of the best epoch.",
    "near duplicates": "{count:,} of {images:,} test images are nearly the same as a training "
    "image, {mirrored:,} of them mirrored, such as {examples}: metrics of test images look better "
    "than they are. Remove copies, or keep what belongs together on one side of the split with "
    "group (docs/your-own-images.md).",
    "unused dimensions": "Only {active} of {dimensions} dimensions say anything about an image. A "
    "kl_warmup_epochs of some epochs, a smaller beta or a smaller latent_dim may help.",
    "no reconstructions": "Reconstructions (MSE {mse:.4g}) are no better than the mean training "
    "image ({mean_mse:.4g}): the network has learned nothing. More steps (epochs, a smaller "
    "batch_size) or a lower learning_rate may help.",
    "all alike": "All generated images look alike. A kl_warmup_epochs of some epochs, a smaller "
    "beta or more steps may help.",
}


def sentences(warnings: Mapping[str, Mapping[str, float | str]]) -> list[str]:
    """The text of each warning; warnings: name -> the values in it."""
    return [TEXTS[name].format(**values) for name, values in warnings.items()]
