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
    log:
        "results/{dataset}/{run}/logs/train.log",
    benchmark:
        "results/{dataset}/{run}/logs/train.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=each_attempt(4000),
        runtime=each_attempt(720),
    params:
        run=run_values,
        code=train_code,
    script:
        "../../scripts/train.py"
