"""Formats of images that Pillow does not read, and what converts or opens them."""

from pathlib import Path

# How a file begins, or what is at an offset; its format; what reads it.
_SIGNATURES = (
    (128, b"DICM", "DICOM", "pydicom"),
    (0, b"ZISRAWFILE", "CZI", "pylibCZIrw"),
    (0, b"\xda\xce\xbe\x0a", "ND2", "nd2"),
    (344, b"n+1\0", "NIfTI", "nibabel"),
    (344, b"ni1\0", "NIfTI", "nibabel"),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5", "h5py"),
)
_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_SUFFIXES = {".nii.gz": ("NIfTI", "nibabel"), ".dcm": ("DICOM", "pydicom")}


def reason(file: str | Path | bytes) -> str:
    """Why Pillow cannot read a file, given by its path or content: its format, if it is known."""
    return known(file) or "not a picture in a format that Pillow knows"


def known(file: str | Path | bytes) -> str | None:
    """The format of a file that is neither a picture nor an array, and what to do about it."""
    name = "" if isinstance(file, bytes) else str(file).lower()
    start = file[:512] if isinstance(file, bytes) else _start(file)
    found = [
        (format, package)
        for offset, signature, format, package in _SIGNATURES
        if start[offset : offset + len(signature)] == signature
    ]
    found += [about for suffix, about in _SUFFIXES.items() if name.endswith(suffix)]
    if found:
        format, package = found[0]
        return f"a {format} file: convert it to .npy or PNG, with the Python package {package}"
    if not start:
        return "there is nothing in it"
    if start[4:8] == b"ftyp" and start[8:12] in _HEIC:
        return "a HEIC file: install the Python package pillow-heif, or convert it to JPEG"
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return (
            "a TIFF file of a kind that Pillow does not read, such as one of five bands: "
            "convert it to .npy, with the Python package tifffile"
        )
    return None


def _start(path: str | Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(512)
