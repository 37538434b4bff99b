"""Encoded pictures, good, odd and bad."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

WHITE, RED, BLUE = (255, 255, 255), (255, 0, 0), (0, 0, 255)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves(mode: str = "RGB", left: object = RED, right: object = BLUE) -> Image.Image:
    """40x20 pixels of two colours."""
    image = Image.new(mode, (40, 20), left)
    image.paste(right, (20, 0, 40, 20))
    return image


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(halves(), "JPEG", exif=exif, quality=95, subsampling=0)


def bomb(side: int) -> bytes:
    """A PNG file of `side` x `side` black pixels of one bit, packed without the work."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    # The same piece of zeros, as often as needed; a flush makes it independent of the one before.
    piece, size = 1 << 20, side * (1 + (side + 7) // 8)
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = pack.compress(bytes(piece)) + pack.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    tail = last.compress(bytes(size % piece)) + last.flush()
    adler = struct.pack(">HH", size % 65521, 1)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    data = b"\x78\xda" + packed * (size // piece) + tail + adler
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def gray_16() -> np.ndarray:
    return np.linspace(0, 65535, 32, dtype=np.uint16).reshape(1, 32).repeat(32, axis=0)


def palette_with_alpha() -> bytes:
    image = halves().quantize(2)
    return encoded(image, "PNG", transparency=image.getpixel((39, 0)))


def animation() -> bytes:
    frames = [Image.new("P", (30, 30), 1), Image.new("P", (30, 30), 2)]
    for frame in frames:
        frame.putpalette([0, 0, 0, *RED, *BLUE])
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


GOOD = {
    "cmyk.jpg": encoded(Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG", quality=95),
    "16 bits.png": encoded(Image.fromarray(gray_16()), "PNG"),
    "palette.png": palette_with_alpha(),
    "turned.jpg": turned(6),
    "animated.gif": animation(),
    'it\'s "odd" ключ 鍵 ü.png': encoded(halves(), "PNG"),
}
BAD = {
    "truncated.jpg": (encoded(halves().resize((400, 400)), "JPEG")[:-900], "truncated"),
    "text.png": (b"It was a dark and stormy night.", "not a picture"),
    "empty.jpg": (b"", "there is nothing in it"),
    "bomb.png": (bomb(30_000), "900000000 pixels"),
}
