import pytest

from benchmarks import networks
from benchmarks.cases import CASES
from benchmarks.networks import Layer, Network

MLP = {"model": "mlp", "intermediate_dim": 512, "latent_dim": 2}
FLOW = {"latent_dim": 5, "prior": "flow", "couplings": 3, "flow_hidden": 7}
CONV = {"model": "conv", "intermediate_dim": 7, "latent_dim": 2, "filters": 5}


def test_work_of_a_dense_network_by_hand():
    forward = 784 * 512 + 2 * 512 * 2 + 2 * 512 + 512 * 784
    network = networks.build((28, 28, 1), MLP)
    assert networks.training_flops(network) == 2 * (3 * forward - 784 * 512) == 4_032_512


@pytest.mark.parametrize(
    ("layer", "multiplications"),
    [
        (Layer("dense", (6,), (4,)), 24),
        (Layer("conv", (8, 8, 3), (4, 4, 5), 3, 2), 4 * 4 * 9 * 3 * 5),
        (Layer("transposed", (4, 4, 5), (8, 8, 3), 3, 2), 4 * 4 * 9 * 5 * 3),
    ],
)
def test_work_of_a_layer_by_hand(layer, multiplications):
    assert layer.multiplications == multiplications


def test_a_convolution_and_its_mirror_image_are_as_much_work():
    conv = Layer("conv", (8, 8, 3), (4, 4, 5), 3, 2)
    assert (
        conv.multiplications == Layer("transposed", conv.result, conv.given, 3, 2).multiplications
    )


def test_the_first_layer_needs_no_gradient_of_the_images():
    one = Network((1, 1, 6), [Layer("dense", (6,), (4,))], [], [])
    assert networks.training_flops(one) == 2 * 24 * 2


def test_work_of_a_convolutional_network_by_hand():
    # 32 pixels are halved once, by kernels of 2; the first layer keeps the size.
    first = 32 * 32 * 4 * 3 * 3
    down = 16 * 16 * (4 * 3 * 5 + 9 * 5 * 5 + 9 * 5 * 5)
    dense = 16 * 16 * 5 * 7 + 7 * 2 + 7 * 2 + 2 * 7 + 7 * 16 * 16 * 5
    up = 16 * 16 * (9 * 5 * 5 + 9 * 5 * 5 + 4 * 5 * 5)
    last = 32 * 32 * 4 * 5 * 3
    forward = first + down + dense + up + last
    network = networks.build((32, 32, 3), CONV)
    assert networks.training_flops(network) == 2 * (3 * forward - first)


def test_sizes_that_halve_unevenly_come_back_larger():
    network = networks.build((92, 92, 3), CONV)
    assert network.encoder[3].result == (12, 12, 5)
    assert network.decoder[-1].result == (96, 96, 3)


def test_work_of_a_flow_is_that_of_halves():
    prior = networks.build((28, 28, 1), MLP | FLOW).prior
    assert sum(layer.multiplications for layer in prior) == 3 * (2 * 7 + 7 * 2 * 3)
    assert networks.build((28, 28, 1), MLP | FLOW).parameters == 784 * 512 + 512 + 2 * (
        512 * 5 + 5
    ) + (5 * 512 + 512 + 512 * 784 + 784)


def test_a_hierarchy_spreads_its_levels_over_its_scales():
    run = {"filters": 6, "patch": 2, "intermediate_dim": 7, "latent_dim": 3}
    layers = networks.ladder((50, 37, 3), run | {"latent_channels": 4, "levels": 3})
    assert networks.scales((50, 37, 3), run) == [(7, 5), (13, 10), (25, 19)]
    assert [layers[f"change_{i}"].result for i in range(3)] == [(7, 5, 6), (13, 10, 6), (25, 19, 6)]
    assert layers["patches_out"].given == (25, 19, 6)


def test_cases_are_configured_networks_and_those_that_learn_more_than_a_code():
    assert [case.run["model"] for case in CASES.values()] == [
        *("mlp", "conv", "conv", "conv", "mlp", "ladder", "spatial")
    ]
    sizes = {name: case.run["batch_size"] for name, case in CASES.items()}
    assert sizes.pop("ladder") == 128
    assert set(sizes.values()) == {256}
    assert CASES["flow"].run["prior"] == "flow"
