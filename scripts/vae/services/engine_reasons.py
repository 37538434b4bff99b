"""Why an engine was chosen, in words for run.json and the log.

Here, so that better words rerun nothing.
"""

STEPS = "saves Python's time between steps"
LAYERS = "oneDNN is slow at few filters, and at what follows transposed convolutions"
SHARDS = "threads that share an operation wait for each other"

NO_XLA_IN_TORCH = "PyTorch has none"
XLA_ON_GPU = "fuses small operations, on a GPU"
NO_XLA_ON_CPU = "on a CPU, oneDNN's convolutions and matrix products are faster"
XLA = "fuses small operations"

BFLOAT16_ON_GPU = "the GPU computes with it in hardware"
NO_BFLOAT16_ON_GPU = "the GPU has no bfloat16 in hardware"
BFLOAT16_UNMEASURED = "bfloat16 on a CPU was measured with TensorFlow only"
NO_BFLOAT16_IN_XLA = "on a CPU, XLA has no matrix products in bfloat16"
BFLOAT16_ON_CPU = "the processor computes with it in hardware ({flag})"
NO_BFLOAT16_ON_CPU = "the processor has no bfloat16 in hardware"
