localrules:
    download,


# One raw file, checked, from the first place that has it.
rule download:
    output:
        "results/raw/{source}/{file}",
    log:
        "results/raw/logs/{source}/{file}.log",
    conda:
        "../../environment.yml"
    script:
        "../../scripts/download.py"


# Raw files to uint8 images, labels and class names.
rule prepare:
    input:
        raw=raw_files,
    output:
        images="results/{dataset}/images.npz",
    log:
        "results/{dataset}/logs/prepare.log",
    benchmark:
        "results/{dataset}/logs/prepare.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        reading=reading,
        code=lambda w: fingerprint(
            "prepare", f"scripts.vae.sources.{source_of(w).format}"
        ),
    script:
        "../../scripts/prepare.py"
