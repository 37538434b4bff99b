"""What identifies a raw file."""

import hashlib
import subprocess

import pytest

from vae.data.checksums import Identity, RefusedError


def test_file_without_any_checksum_is_no_identity():
    with pytest.raises(ValueError, match="sha256"):
        Identity(size=5)


def test_a_file_is_known_by_the_name_that_git_gives_it(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"what is published\n")
    name = subprocess.run(["git", "hash-object", path], capture_output=True, text=True, check=True)
    Identity(git=name.stdout.strip(), md5="0" * 32).check(path)
    path.write_bytes(b"what is not\n")
    with pytest.raises(RefusedError, match="checksum differs: expected"):
        Identity(git=name.stdout.strip()).check(path)


def test_a_file_is_known_by_its_md5_if_there_is_nothing_better(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"published")
    md5 = hashlib.md5(b"published").hexdigest()
    Identity(md5=md5).check(path)
    with pytest.raises(RefusedError, match=f"got {md5}"):
        Identity(size=9, md5="0" * 32).check(path)
    with pytest.raises(RefusedError, match="expected 1111"):
        Identity(sha256="1" * 64, md5=md5).check(path)
