localrules:
    download,


# One raw file, checked, from the first place that has it.
rule download:
    input:
        known_file,
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
        skipped="results/{dataset}/skipped.csv",
    log:
        "results/{dataset}/logs/prepare.log",
    benchmark:
        "results/{dataset}/logs/prepare.tsv"
    conda:
        "../../environment.yml"
    threads: prepare_threads
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(60),
    params:
        preparation=reading,
        code=prepare_code,
    script:
        "../../scripts/prepare.py"
