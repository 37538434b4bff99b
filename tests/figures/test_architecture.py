from tests.helpers.figures import TITLE, picture, texts
from vae.figures import architecture


def test_an_architecture_names_its_layers(tmp_path):
    def layer(name, inputs, parameters=0):
        return {
            "name": name,
            "type": "Dense",
            "output_shape": [4],
            "parameters": parameters,
            "inputs": inputs,
            "detail": "relu",
        }

    chain = [layer("image", [])]
    for number in range(30):
        chain.append(layer(f"layer_{number}", [chain[-1]["name"]], 10))
    encoder = [*chain, layer("z_mean", ["layer_29"]), layer("z_log_var", ["layer_29"])]
    networks = {"encoder": encoder, "decoder": [layer("z", []), layer("mean", ["z"], 7)]}
    figure = architecture.draw(networks, 0, TITLE)
    picture(figure, tmp_path / "architecture.png")
    assert {"z_mean", "z_log_var", "layer_7"} <= set(texts(figure))
    assert any(text.endswith("307 parameters") for text in texts(figure))
    figure = architecture.draw(networks, 20, TITLE)
    assert any(text.endswith("307 parameters, and 20 of the prior") for text in texts(figure))
    assert any("maps z to N(0, I)" in text for text in texts(figure))
