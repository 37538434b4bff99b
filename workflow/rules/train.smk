# One variational autoencoder: its models, its history, and a record of how it came about.
rule train:
    input:
        images="results/{dataset}/images.npz",
        start=weights_to_start_with,
    output:
        encoder="results/{dataset}/{run}/encoder.keras",
        decoder="results/{dataset}/{run}/decoder.keras",
        vae="results/{dataset}/{run}/vae.keras",
        encoder_onnx="results/{dataset}/{run}/encoder.onnx",
        posterior_onnx="results/{dataset}/{run}/posterior.onnx",
        decoder_onnx="results/{dataset}/{run}/decoder.onnx",
        weights="results/{dataset}/{run}/weights.npz",
        history="results/{dataset}/{run}/history.csv",
        record="results/{dataset}/{run}/run.json",
    log:
        "results/{dataset}/{run}/logs/train.log",
    benchmark:
        "results/{dataset}/{run}/logs/train.tsv"
    group:
        "train"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=training_memory,
        runtime=each_attempt(720),
    params:
        run=run_values,
        code=train_code,
    script:
        "../../scripts/train.py"


# Codes of all images: where the encoder puts them.
rule encode:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        posterior="results/{dataset}/{run}/posterior.onnx",
    output:
        "results/{dataset}/{run}/codes.npz",
    log:
        "results/{dataset}/{run}/logs/encode.log",
    benchmark:
        "results/{dataset}/{run}/logs/encode.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(30),
    params:
        seed=run_seed,
        code=fingerprint("encode"),
    script:
        "../../scripts/encode.py"


# A Gaussian mixture of the training set's codes.
rule fit_mixture:
    input:
        codes="results/{dataset}/{run}/codes.npz",
    output:
        "results/{dataset}/{run}/mixture.npz",
    log:
        "results/{dataset}/{run}/logs/fit_mixture.log",
    benchmark:
        "results/{dataset}/{run}/logs/fit_mixture.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(30),
    params:
        seed=run_seed,
        code=fingerprint("fit_mixture"),
    script:
        "../../scripts/fit_mixture.py"


# Where the codes of test images lie on a map, and their k-means groups.
rule map_codes:
    input:
        codes="results/{dataset}/{run}/codes.npz",
    output:
        "results/{dataset}/{run}/map.csv",
    log:
        "results/{dataset}/{run}/logs/map_codes.log",
    benchmark:
        "results/{dataset}/{run}/logs/map_codes.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(30),
    params:
        seed=run_seed,
        code=fingerprint("map_codes"),
    script:
        "../../scripts/map_codes.py"


# A classifier whose features compare generated with real images: one for all runs of a dataset.
rule train_classifier:
    input:
        images="results/{dataset}/images.npz",
    output:
        network="results/{dataset}/classifier.onnx",
        record="results/{dataset}/classifier.json",
    log:
        "results/{dataset}/logs/train_classifier.log",
    benchmark:
        "results/{dataset}/logs/train_classifier.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=each_attempt(4000),
        runtime=each_attempt(60),
    params:
        code=fingerprint("train_classifier"),
    script:
        "../../scripts/train_classifier.py"


# Another distribution of codes to draw from: a velocity that leads noise to codes.
rule train_second_stage:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        posterior="results/{dataset}/{run}/posterior.onnx",
        run="results/{dataset}/{run}/run.json",
    output:
        network="results/{dataset}/{run}/second_stage.keras",
        onnx="results/{dataset}/{run}/second_stage.onnx",
        history="results/{dataset}/{run}/second_stage_history.csv",
        record="results/{dataset}/{run}/second_stage.json",
    log:
        "results/{dataset}/{run}/logs/train_second_stage.log",
    benchmark:
        "results/{dataset}/{run}/logs/train_second_stage.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=training_memory,
        runtime=each_attempt(720),
    params:
        settings=second_stage_settings,
        code=second_stage_code,
    script:
        "../../scripts/train_second_stage.py"
