"""What identifies a raw file."""

import pytest

from vae.data.checksums import Identity


def test_file_without_any_checksum_is_no_identity():
    with pytest.raises(ValueError, match="sha256"):
        Identity(size=5)
