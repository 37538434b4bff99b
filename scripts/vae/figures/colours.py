"""The colours of classes and of series, for figures and pages alike."""

# Ten that remain distinct for the colour-blind (Petroff 2021, arXiv 2107.02270).
COLOURS = tuple(
    "#3f90da #ffa90e #bd1f01 #94a4a2 #832db6 #a96b59 #e76300 #b9ac70 #717581 #92dadd".split()
)
