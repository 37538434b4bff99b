# Where the test set lies in latent space, by class.
rule plot_latent:
    input:
        codes="results/{dataset}/{run}/codes.npz",
    output:
        in_report("results/{dataset}/{run}/latent.png"),
    log:
        "results/{dataset}/{run}/logs/plot_latent.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_latent.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        figures=figure_settings("latent_space"),
        code=fingerprint("plot_latent"),
    script:
        "../../scripts/plot_latent.py"


# A map of the test set, on which similar images lie close to each other.
rule plot_map:
    input:
        map="results/{dataset}/{run}/map.csv",
        images="results/{dataset}/images.npz",
        run="results/{dataset}/{run}/run.json",
    output:
        in_report("results/{dataset}/{run}/map.png"),
    log:
        "results/{dataset}/{run}/logs/plot_map.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_map.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        figures=figure_settings("code_map"),
        code=fingerprint("plot_map"),
    script:
        "../../scripts/plot_map.py"


# Images decoded from points spread uniformly over the prior; of many dimensions, over the plane of
# two principal components.
rule plot_grid:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
        codes=codes_for_components,
    output:
        in_report("results/{dataset}/{run}/grid.png"),
    log:
        "results/{dataset}/{run}/logs/plot_grid.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_grid.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        figures=figure_settings("grid"),
        seed=run_seed,
        code=fingerprint("plot_grid"),
    script:
        "../../scripts/plot_grid.py"


# The grid of three dimensions, animated along the third.
rule animate_grid:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
    output:
        in_report("results/{dataset}/{run}/grid.gif", caption="grid_walk"),
    log:
        "results/{dataset}/{run}/logs/animate_grid.log",
    benchmark:
        "results/{dataset}/{run}/logs/animate_grid.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        figures=figure_settings("grid_animation"),
        code=fingerprint("animate_grid"),
    script:
        "../../scripts/animate_grid.py"


# Images decoded from draws from the prior.
rule plot_samples:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
    output:
        in_report("results/{dataset}/{run}/samples.png"),
    log:
        "results/{dataset}/{run}/logs/plot_samples.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_samples.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        figures=figure_settings("samples"),
        seed=run_seed,
        code=fingerprint("plot_samples"),
    script:
        "../../scripts/plot_samples.py"


# Images decoded from draws from the mixture.
use rule plot_samples as plot_samples_gmm with:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
        mixture="results/{dataset}/{run}/mixture.npz",
    output:
        in_report("results/{dataset}/{run}/samples_gmm.png"),
    log:
        "results/{dataset}/{run}/logs/plot_samples_gmm.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_samples_gmm.tsv"


# Images decoded from draws from the second stage, class by class.
rule plot_samples_second_stage:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
        second_stage="results/{dataset}/{run}/second_stage.onnx",
    output:
        in_report("results/{dataset}/{run}/samples_second_stage.png"),
    log:
        "results/{dataset}/{run}/logs/plot_samples_second_stage.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_samples_second_stage.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        draws=second_stage_draws,
        figures=figure_settings("samples_second_stage"),
        seed=run_seed,
        code=fingerprint("plot_samples_second_stage"),
    script:
        "../../scripts/plot_samples_second_stage.py"


# Samples and the training images nearest to them: are they copies?
rule plot_neighbours:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
    output:
        in_report("results/{dataset}/{run}/neighbours.png"),
    log:
        "results/{dataset}/{run}/logs/plot_neighbours.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_neighbours.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        flip=lambda wildcards: run_values(wildcards)["flip"],
        seed=run_seed,
        code=fingerprint("plot_neighbours"),
    script:
        "../../scripts/plot_neighbours.py"


# Test images and their reconstructions.
rule plot_reconstructions:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
    output:
        in_report("results/{dataset}/{run}/reconstructions.png"),
    log:
        "results/{dataset}/{run}/logs/plot_reconstructions.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_reconstructions.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        figures=figure_settings("reconstructions"),
        seed=run_seed,
        code=fingerprint("plot_reconstructions"),
    script:
        "../../scripts/plot_reconstructions.py"


# The test images that fit a run worst and best, and where they err.
rule plot_outliers:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        posterior="results/{dataset}/{run}/posterior.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
        scores="results/{dataset}/{run}/scores.parquet",
        run="results/{dataset}/{run}/run.json",
        anomalies=anomalies,
    output:
        in_report("results/{dataset}/{run}/outliers.png"),
    log:
        "results/{dataset}/{run}/logs/plot_outliers.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_outliers.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        figures=figure_settings("outliers"),
        maps=evaluation_settings("map_sigma"),
        code=scoring_code("plot_outliers"),
    script:
        "../../scripts/plot_outliers.py"


# How well scores tell anomalies from normal images, at every threshold and at the run's.
rule plot_roc:
    input:
        table="results/{dataset}/{run}/anomalies.parquet",
        record="results/{dataset}/{run}/anomalies.json",
    output:
        in_report("results/{dataset}/{run}/roc.png"),
    log:
        "results/{dataset}/{run}/logs/plot_roc.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_roc.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        code=fingerprint("plot_roc"),
    script:
        "../../scripts/plot_roc.py"


# Each latent dimension swept, the others at 0; of many dimensions, each principal component.
rule plot_traversals:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
        codes="results/{dataset}/{run}/codes.npz",
    output:
        in_report("results/{dataset}/{run}/traversals.png"),
    log:
        "results/{dataset}/{run}/logs/plot_traversals.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_traversals.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        figures=figure_settings("traversals"),
        code=fingerprint("plot_traversals"),
    script:
        "../../scripts/plot_traversals.py"


# Samples of a hierarchy that share their upper levels.
rule plot_levels:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
    output:
        in_report("results/{dataset}/{run}/levels.png"),
    log:
        "results/{dataset}/{run}/logs/plot_levels.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_levels.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        seed=run_seed,
        code=fingerprint("plot_levels"),
    script:
        "../../scripts/plot_levels.py"


# Training images, and what augmentation makes of them.
rule plot_augmented:
    input:
        images="results/{dataset}/images.npz",
    output:
        in_report("results/{dataset}/{run}/augmented.png"),
    log:
        "results/{dataset}/{run}/logs/plot_augmented.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_augmented.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        changes=augmentation,
        seed=run_seed,
        code=fingerprint("plot_augmented"),
    script:
        "../../scripts/plot_augmented.py"


# The loss and its two parts, epoch by epoch.
rule plot_history:
    input:
        history="results/{dataset}/{run}/history.csv",
    output:
        in_report("results/{dataset}/{run}/history.png"),
    log:
        "results/{dataset}/{run}/logs/plot_history.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_history.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        code=fingerprint("plot_history"),
    script:
        "../../scripts/plot_history.py"


# Both networks, layer by layer.
rule plot_architecture:
    input:
        run="results/{dataset}/{run}/run.json",
    output:
        in_report("results/{dataset}/{run}/architecture.png"),
    log:
        "results/{dataset}/{run}/logs/plot_architecture.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_architecture.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    params:
        code=fingerprint("plot_architecture"),
    script:
        "../../scripts/plot_architecture.py"
