# One raw file, checked, from the first place that has it. One that is there has no rule: were it
# fetched again, say because the script is newer, Snakemake would not go on to what is made of it,
# since to an `ancient` file it pays no heed.
rule download:
    input:
        known_file,
    output:
        "results/raw/{source}/{file}",
    log:
        "results/raw/logs/{source}/{file}.log",
    wildcard_constraints:
        source=source_of_a_missing_file(),
    localrule: True
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
        preparation=preparation,
        code=prepare_code,
    script:
        "../../scripts/prepare.py"
