# Codes of the test set: z_mean and z_log_var.
rule encode:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
    output:
        "results/{dataset}/{run}/latents.npz",
    log:
        "results/{dataset}/{run}/logs/encode.log",
    benchmark:
        "results/{dataset}/{run}/logs/encode.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(30),
    params:
        code=fingerprint("encode"),
    script:
        "../../scripts/encode.py"


# A Gaussian mixture of the training set's codes.
rule fit_mixture:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
    output:
        "results/{dataset}/{run}/mixture.npz",
    log:
        "results/{dataset}/{run}/logs/fit_mixture.log",
    benchmark:
        "results/{dataset}/{run}/logs/fit_mixture.tsv"
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


# Where the test set lies in latent space, by class.
rule plot_latent:
    input:
        latents="results/{dataset}/{run}/latents.npz",
    output:
        report(
            "results/{dataset}/{run}/latent.png",
            caption="../report/latent.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("latent space"),
        ),
    log:
        "results/{dataset}/{run}/logs/plot_latent.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_latent.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
        code=fingerprint("plot_latent"),
    script:
        "../../scripts/plot_latent.py"


# Images decoded from points spread uniformly over the prior.
rule plot_grid:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
        run="results/{dataset}/{run}/run.json",
    output:
        report(
            "results/{dataset}/{run}/grid.png",
            caption="../report/grid.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("uniform grid"),
        ),
    log:
        "results/{dataset}/{run}/logs/plot_grid.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_grid.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
        figures=figure_settings("grid_size"),
        seed=run_seed,
        code=fingerprint("plot_grid"),
    script:
        "../../scripts/plot_grid.py"


# The same as a walk through the third of three dimensions.
rule animate_grid:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
        run="results/{dataset}/{run}/run.json",
    output:
        report(
            "results/{dataset}/{run}/grid.gif",
            caption="../report/grid_walk.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("walk through z[2]"),
        ),
    log:
        "results/{dataset}/{run}/logs/animate_grid.log",
    benchmark:
        "results/{dataset}/{run}/logs/animate_grid.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
        figures=figure_settings("grid_size", "frames"),
        code=fingerprint("animate_grid"),
    script:
        "../../scripts/animate_grid.py"


# Images decoded from draws from the prior.
rule plot_samples:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
    output:
        report(
            "results/{dataset}/{run}/samples.png",
            caption="../report/samples.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("samples"),
        ),
    log:
        "results/{dataset}/{run}/logs/plot_samples.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_samples.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
        figures=figure_settings("samples"),
        seed=run_seed,
        code=fingerprint("plot_samples"),
    script:
        "../../scripts/plot_samples.py"


# The same from draws from the mixture.
rule plot_samples_gmm:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
        mixture="results/{dataset}/{run}/mixture.npz",
    output:
        report(
            "results/{dataset}/{run}/samples_gmm.png",
            caption="../report/samples_gmm.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("samples of the mixture"),
        ),
    log:
        "results/{dataset}/{run}/logs/plot_samples_gmm.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_samples_gmm.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
        figures=figure_settings("samples"),
        seed=run_seed,
        code=fingerprint("plot_samples_gmm"),
    script:
        "../../scripts/plot_samples_gmm.py"


# Test images beside what is left of them.
rule plot_reconstructions:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
    output:
        report(
            "results/{dataset}/{run}/reconstructions.png",
            caption="../report/reconstructions.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("reconstructions"),
        ),
    log:
        "results/{dataset}/{run}/logs/plot_reconstructions.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_reconstructions.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(10),
    params:
        figures=figure_settings("reconstructions"),
        seed=run_seed,
        code=fingerprint("plot_reconstructions"),
    script:
        "../../scripts/plot_reconstructions.py"


# Each latent dimension swept while the others rest.
rule plot_traversals:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
        latents="results/{dataset}/{run}/latents.npz",
    output:
        report(
            "results/{dataset}/{run}/traversals.png",
            caption="../report/traversals.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("traversals"),
        ),
    log:
        "results/{dataset}/{run}/logs/plot_traversals.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_traversals.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
        figures=figure_settings("traversal_steps"),
        code=fingerprint("plot_traversals"),
    script:
        "../../scripts/plot_traversals.py"


# The loss and its two parts, epoch by epoch.
rule plot_history:
    input:
        history="results/{dataset}/{run}/history.csv",
    output:
        report(
            "results/{dataset}/{run}/history.png",
            caption="../report/history.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("history"),
        ),
    log:
        "results/{dataset}/{run}/logs/plot_history.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_history.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
        code=fingerprint("plot_history"),
    script:
        "../../scripts/plot_history.py"


# Both networks, layer by layer.
rule plot_architecture:
    input:
        run="results/{dataset}/{run}/run.json",
    output:
        report(
            "results/{dataset}/{run}/architecture.png",
            caption="../report/architecture.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("architecture"),
        ),
    log:
        "results/{dataset}/{run}/logs/plot_architecture.log",
    benchmark:
        "results/{dataset}/{run}/logs/plot_architecture.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
        code=fingerprint("plot_architecture"),
    script:
        "../../scripts/plot_architecture.py"
