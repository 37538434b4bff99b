"""Variational autoencoders for images: the library behind the workflow.

Every module is one noun, is importable without Snakemake, and is imported in one spelling:
`from vae.data.images import Images`. TensorFlow is imported by what trains, and by nothing else.
"""
