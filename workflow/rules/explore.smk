# Another version is another file, so that it is fetched.
runtime = (
    f"results/raw/onnxruntime-web-{constant('vae.explorer.runtime', 'VERSION')}.json"
)


# What decodes in a page: fetched once by npm, for no other rule's sake.
rule download_runtime:
    output:
        runtime,
    log:
        "results/raw/logs/download_runtime.log",
    localrule: True
    conda:
        "../../environment.yml"
    script:
        "../../scripts/download_runtime.py"


# A run as one file to open in a browser, to mail, to put on a web page.
rule explore:
    input:
        images="results/{dataset}/images.npz",
        codes="results/{dataset}/{run}/codes.npz",
        scores="results/{dataset}/{run}/scores.parquet",
        map=code_map,
        mixture="results/{dataset}/{run}/mixture.npz",
        decoder="results/{dataset}/{run}/decoder.onnx",
        run="results/{dataset}/{run}/run.json",
        runtime=runtime,
    output:
        in_report("results/{dataset}/{run}/explorer.html", "explorer"),
    log:
        "results/{dataset}/{run}/logs/explore.log",
    benchmark:
        "results/{dataset}/{run}/logs/explore.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
    params:
        settings=explorer_settings,
        page=fingerprint_files("vae/explorer/web"),
        code=fingerprint("explore"),
    script:
        "../../scripts/explore.py"


# The pages of a dataset side by side.
rule link_explorers:
    input:
        pages=explored("explorer.html"),
        runs=explored("run.json"),
        decoders=explored("decoder.onnx"),
    output:
        "results/{dataset}/explorer.html",
    log:
        "results/{dataset}/logs/link_explorers.log",
    conda:
        "../../environment.yml"
    params:
        page=fingerprint_files("vae/explorer/web"),
        code=fingerprint("link_explorers"),
    script:
        "../../scripts/link_explorers.py"


# Codes and images for TensorBoard's projector, on request.
rule export_projector:
    input:
        images="results/{dataset}/images.npz",
        scores="results/{dataset}/{run}/scores.parquet",
        run="results/{dataset}/{run}/run.json",
    output:
        tensors="results/{dataset}/{run}/projector/tensors.tsv",
        metadata="results/{dataset}/{run}/projector/metadata.tsv",
        sprite="results/{dataset}/{run}/projector/sprite.png",
        config="results/{dataset}/{run}/projector/projector_config.pbtxt",
        standalone="results/{dataset}/{run}/projector/projector_config.json",
    log:
        "results/{dataset}/{run}/logs/export_projector.log",
    benchmark:
        "results/{dataset}/{run}/logs/export_projector.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        seed=run_seed,
        code=fingerprint("export_projector"),
    script:
        "../../scripts/export_projector.py"


# Scores of test images with their places and pictures in one table, on request.
rule export_atlas:
    input:
        images="results/{dataset}/images.npz",
        scores="results/{dataset}/{run}/scores.parquet",
        map=code_map,
    output:
        "results/{dataset}/{run}/atlas.parquet",
    log:
        "results/{dataset}/{run}/logs/export_atlas.log",
    benchmark:
        "results/{dataset}/{run}/logs/export_atlas.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        seed=run_seed,
        code=fingerprint("export_atlas"),
    script:
        "../../scripts/export_atlas.py"
