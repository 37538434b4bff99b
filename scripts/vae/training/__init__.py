from vae.services import environment

environment.settle()  # before Keras and TensorFlow are imported
