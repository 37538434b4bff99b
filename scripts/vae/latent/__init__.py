from vae.services import environment

environment.settle()  # before ONNX Runtime is imported
