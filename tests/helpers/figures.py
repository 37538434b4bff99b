"""What a figure shows."""

from PIL import Image

from vae.figures import sheet

TITLE = "mnist   ·   ld_2"


def picture(figure, path):
    """Save a figure; returns it as an image."""
    sheet.save(figure, path)
    with Image.open(path) as image:
        image.load()
        assert max(image.size) <= sheet.LONGEST
        return image


def texts(figure):
    """All texts in a figure."""
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
