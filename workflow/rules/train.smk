def train_code(wildcards):
    """Fingerprint of what trains a run: the network of another run is not in it."""
    model = run_values(wildcards)["model"]
    return fingerprint("train", f"scripts.vae.models.{model}")


# One variational autoencoder: its models, its history, and a record of how it came about.
rule train:
    input:
        images="results/{dataset}/images.npz",
    output:
        encoder="results/{dataset}/{run}/encoder.keras",
        decoder="results/{dataset}/{run}/decoder.keras",
        vae="results/{dataset}/{run}/vae.keras",
        encoder_onnx="results/{dataset}/{run}/encoder.onnx",
        decoder_onnx="results/{dataset}/{run}/decoder.onnx",
        history="results/{dataset}/{run}/history.csv",
        record="results/{dataset}/{run}/run.json",
    params:
        run=run_values,
        code=train_code,
    log:
        "results/{dataset}/{run}/logs/train.log",
    benchmark:
        "results/{dataset}/{run}/logs/train.tsv"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=720,
    conda:
        "../../environment.yml"
    script:
        "../../scripts/train.py"
