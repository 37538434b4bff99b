"""The colours of classes and of series."""

# Ten that remain distinct for the colour-blind (Petroff 2021, arXiv 2107.02270), then ten more,
# each as far as possible from all before it, also for the colour-blind (Oklab, Machado 2009).
COLOURS = tuple(
    "#3f90da #ffa90e #bd1f01 #94a4a2 #832db6 #a96b59 #e76300 #b9ac70 #717581 #92dadd "
    "#0000ff #ff3cff #000087 #781e4b #2d4b87 #1e692d #e196f0 #c35ab4 #69e178 #4b5ae1".split()
)
