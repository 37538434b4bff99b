from importlib import metadata

import pytest

from benchmarks import peers


@pytest.fixture
def wanted(monkeypatch):
    """Requirements that no index has."""
    monkeypatch.setattr(peers, "requirements", lambda: ["no-such-package==0"])


def test_peers_are_pinned_beside_our_own_keras():
    found = peers.requirements()
    assert all("==" in line for line in found)
    assert {line.split("==")[0] for line in found} == {"jax", "torch", "keras", "numpy"}
    assert f"keras=={metadata.version('keras')}" in found


def test_an_environment_that_is_complete_is_used_again(wanted, tmp_path, capsys):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    (tmp_path / "ready").write_text("no-such-package==0\n")
    assert peers.python(tmp_path) == str(tmp_path / "bin/python")
    assert capsys.readouterr().out == ""


def test_one_that_cannot_be_made_is_said_and_leaves_nothing(wanted, tmp_path, monkeypatch, capsys):
    def make(folder, interpreter, wanted):
        interpreter.parent.mkdir(parents=True)
        interpreter.touch()
        return f"ERROR: No matching distribution found for {wanted[0]}"

    monkeypatch.setattr(peers, "_make", make)
    folder = tmp_path / "venv"
    assert peers.python(folder) is None
    assert not folder.exists()
    said = capsys.readouterr().out
    assert "goes on without PyTorch and JAX" in said
    assert said.endswith("ERROR: No matching distribution found for no-such-package==0\n")


def test_one_that_was_left_half_made_is_made_again(wanted, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    made = []
    monkeypatch.setattr(peers, "_make", lambda *given: made.append(given) or "")
    peers.python(tmp_path)
    peers.python(tmp_path)
    assert len(made) == 1
