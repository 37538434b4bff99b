"""Formats that Pillow does not read are named, with what converts them."""

import gzip

import pytest

from tests.helpers.pictures import encoded, halves
from vae.data import foreign_formats, image_files

FOREIGN = {
    "DICOM file: .* pydicom": bytes(128) + b"DICM" + bytes(200),
    "CZI file: .* pylibCZIrw": b"ZISRAWFILE" + bytes(600),
    "ND2 file: .* nd2": b"\xda\xce\xbe\x0a" + bytes(600),
    "NIfTI file: .* nibabel": bytes(344) + b"n+1\0" + bytes(9),
    "HDF5 file: .* h5py": b"\x89HDF\r\n\x1a\n" + bytes(600),
    "HEIC file: .* pillow-heif": b"\0\0\0\x18ftypheic" + bytes(600),
    "not a picture": b"It was a dark and stormy night.",
    "nothing in it": b"",
}


@pytest.mark.parametrize(("words", "content"), FOREIGN.items())
@pytest.mark.parametrize("as_path", [False, True])
def test_the_error_names_the_format_and_a_package(tmp_path, words, content, as_path):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(image_files.UnreadableError, match=words):
        image_files.decode(tmp_path / "file" if as_path else content, 8)


def test_a_packed_nifti_file_is_known_by_its_name(tmp_path):
    (tmp_path / "scan.nii.gz").write_bytes(gzip.compress(b"any"))
    assert "nibabel" in foreign_formats.reason(tmp_path / "scan.nii.gz")


def test_a_tiff_file_that_pillow_cannot_read_is_called_that():
    """Of five samples a pixel: the tag 277."""
    data = bytearray(encoded(halves(), "TIFF"))
    tag = data.index(b"\x15\x01\x03\x00\x01\x00\x00\x00\x03\x00")
    data[tag + 8] = 5
    with pytest.raises(image_files.UnreadableError, match=r"TIFF .* five bands: .* tifffile"):
        image_files.decode(bytes(data), 8)
