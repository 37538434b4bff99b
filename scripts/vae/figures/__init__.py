from vae.services import environment

environment.settle()  # before Matplotlib is imported, which stops at an MPLBACKEND it cannot use
