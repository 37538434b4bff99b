import copy
import json
from pathlib import Path

from hypothesis import strategies as st

from tests.properties import cases, damaged
from vae.plan import runs, targets
from vae.plan.config import Config, Dataset
from vae.plan.loading import read
from vae.plan.messages import ConfigError

VALID = {
    "mirrors": ["/a folder"],
    "datasets": {
        "digits": {
            "source": "digits",
            "latent_dim": [2, 3],
            "variants": [{"epochs": [1, 2], "latent_dim": 4}, {"flip": True}],
            "figures": {"grid_size": 5},
        },
        "flowers": {"source": "pictures", "size": 8, "model": "conv", "latent_dim": 2},
    },
    "sources": {
        "digits": {"format": "digits", "licence": "free", "citation": "none"},
        "pictures": {
            "format": "caltech101",
            "licence": "free",
            "citation": "none",
            "files": {"a.zip": {"sha256": "0" * 64}},
        },
    },
}
SHIPPED = [Path(f"config/{name}.yaml").read_bytes() for name in ("config", "sources")]

words = st.sampled_from(
    [*Config.model_fields, *Dataset.model_fields, "digits", "folder", "files", "wheel", "raw"]
)
keys = words | st.text(max_size=5) | st.integers() | st.booleans() | st.none()
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | words
trees = st.recursive(
    plain | st.dates() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def resolved(content):
    """The runs of a config, or nothing where it says what is wrong with it."""
    try:
        return runs.resolve(content)
    except ConfigError as error:
        text = str(error)
        assert text.startswith("The config has ")
        assert all(len(line) < 1000 for line in text.splitlines()), text
        return None


@cases(trees)
def test_anything(content):
    resolved(content)


@cases(trees, trees)
def test_anything_under_the_right_names(dataset, source):
    resolved({"datasets": {"digits": dataset}, "sources": {"digits": source}})


@cases(st.data())
def test_a_config_with_something_else_in_some_place(data):
    content = copy.deepcopy(VALID)
    for _ in range(data.draw(st.integers(1, 3))):
        here, key = {"": content}, ""
        while isinstance(here[key], dict | list) and data.draw(st.integers(0, 4)):
            inner = here[key]
            if not inner:
                break
            places = list(inner) if isinstance(inner, dict) else range(len(inner))
            here, key = inner, data.draw(st.sampled_from(places))
        if isinstance(here, dict) and data.draw(st.booleans()):
            key = data.draw(keys)
        here[key] = data.draw(trees)
    resolved(content)


small = st.integers(1, 5)


@cases(
    st.lists(small, min_size=1, max_size=5, unique=True),
    st.dictionaries(
        st.sampled_from("epochs batch_size seed intermediate_dim".split()),
        small | st.lists(small, min_size=1, unique=True),
    ),
)
def test_runs_are_plain_sorted_and_named_apart(sizes, variant):
    dataset = {"source": "digits", "latent_dim": sizes, "variants": [variant] if variant else []}
    settings = resolved(VALID | {"datasets": {"digits": dataset}})
    found = settings.runs["digits"]
    lists = [values if isinstance(values, list) else [values] for values in variant.values()]
    counts = [len(sizes), len(sizes) if variant else 0]
    for values in lists:
        counts[1] *= len(values)
    assert len(found) == sum(counts)
    for run in found.values():
        assert json.loads(json.dumps(run.values)) == run.values
        assert list(run.values) == sorted(run.values)


@cases(st.text(), st.text())
def test_targets_that_no_config_names(dataset, run):
    settings = runs.resolve(copy.deepcopy(VALID))
    for answer in (
        targets.unknown_target(settings, dataset),
        targets.unknown_target(settings, "digits", run),
        targets.unknown_raw_file(settings, dataset, run),
        targets.unknown_raw_file(settings, "pictures", run),
    ):
        assert isinstance(answer, str)


def checked(path, content):
    """What a YAML file says, or nothing where it is refused."""
    path.write_bytes(content)
    try:
        return read(path)[0]
    except ConfigError:
        return None


pieces = st.sampled_from(
    """datasets: mirrors: - [ ] { } , : ? & * ! | > ' " % @ ` # \n \n\x20 \n\x20\x20 \t ~ null true
    yes 1 -1 1e9 1:2:3 0x1 0b2 0o9 .inf .nan 2020-02-30 2020-01-01 12:99:99 !!int !!binary !!set
    !!python/object:os.system !!timestamp !!float &a *a <<: --- ... %YAML\x201.9 %TAG a b \u2028
    \0 \ud7ff \x07""".split(" ")
)


@cases(st.lists(pieces, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_as_yaml(tmp_path_factory, text):
    content = checked(tmp_path_factory.getbasetemp() / "any.yaml", text.encode())
    if content is not None:
        resolved(content)


@cases(st.binary(max_size=60))
def test_any_bytes_as_yaml(tmp_path_factory, content):
    checked(tmp_path_factory.getbasetemp() / "bytes.yaml", content)


@cases(st.sampled_from(SHIPPED).flatmap(damaged))
def test_the_shipped_config_damaged(tmp_path_factory, content):
    found = checked(tmp_path_factory.getbasetemp() / "config.yaml", content)
    if found is not None:
        resolved(found)


def test_billions_of_laughs(tmp_path):
    lines = ["a0: &a0 [lol]"] + [f"a{i}: &a{i} [{f'*a{i - 1},' * 9}]" for i in range(1, 30)]
    lines.append("datasets: {digits: {source: digits, latent_dim: *a29}}")
    assert resolved(checked(tmp_path / "laughs.yaml", "\n".join(lines).encode())) is None


def test_a_config_deeper_than_the_stack(tmp_path):
    for opening in ("[", "{a: ", "- "):
        content = checked(tmp_path / "deep.yaml", (opening * 100_000).encode())
        assert content is None or resolved(content) is None


def test_more_runs_than_anyone_can_train():
    variant = {key: list(range(1, 1000)) for key in ("epochs", "batch_size", "seed", "latent_dim")}
    dataset = VALID["datasets"]["digits"] | {"variants": [variant]}
    assert resolved(VALID | {"datasets": {"digits": dataset}}) is None
