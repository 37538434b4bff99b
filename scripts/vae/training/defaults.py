"""What a run takes where its settings leave it open: it follows from how many images there are."""

import math

from vae.plan.parts import parts
from vae.plan.run_settings import RMSPROP_RATE, RunSettings
from vae.services.errors import UserError

BATCH = 256  # images at most, and those that a network's learning rate is stated for
EPOCHS = 60
STEPS = (1_000, 30_000)  # at least and at most
CONTINUED = 0.1  # of its learning rate, where a run starts with the weights of another one


def resolved(run: RunSettings, images: int, validated: bool) -> RunSettings:
    """The settings of a run without any `auto` that depends on its images.

    images: to train on; validated: whether there are validation images.

    Raises UserError if a setting asks for validation images and there are none.
    """
    values = {}
    size = run.batch_size
    if size == "auto":
        size = values["batch_size"] = min(max(images // 10, 1), BATCH)
    if run.epochs == "auto":
        steps = math.ceil(images / size)
        fewest, most = STEPS
        values["epochs"] = max(1, min(max(EPOCHS, math.ceil(fewest / steps)), most // steps))
    if run.learning_rate is None:
        rate = _rate(run) * (CONTINUED if run.init_from else 1)
        # A gradient of fewer images is noisier (Krizhevsky 2014, arXiv 1404.5997, section 5).
        values["learning_rate"] = rate * math.sqrt(size / BATCH) if "batch_size" in values else rate
    if run.keep == "auto":
        values["keep"] = "best" if run.epochs == "auto" and validated else "last"
    if not validated and (run.keep == "best" or run.early_stopping):
        raise UserError(
            "keep: best and early_stopping go by validation images, and this dataset has none. Set "
            "validation in config/config.yaml to a number of training images, such as a tenth of "
            "them, or leave both out."
        )
    return run.model_copy(update=values)


def _rate(run: RunSettings) -> float:
    if run.optimizer == "rmsprop":
        return RMSPROP_RATE
    return parts("models")[run.model].constants["LEARNING_RATE"]
