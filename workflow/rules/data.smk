localrules:
    download,


def raw_files(wildcards):
    """The raw files of a dataset.

    Ancient: a raw file is known by its checksum, whatever its date.
    """
    name = dataset_of(wildcards).source
    return [ancient(f"results/raw/{name}/{file}") for file in source_of(wildcards).files]


def reading(wildcards):
    """What the images of a dataset depend on: the reader, its settings, the checksums."""
    source = source_of(wildcards)
    return {
        "checksums": {name: file.content_sha256 or file.sha256 for name, file in source.files.items()},
        "class_names": source.class_names,
        "format": source.format,
    }


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
    params:
        reading=reading,
        code=lambda w: fingerprint("prepare", f"scripts.vae.sources.{source_of(w).format}"),
    log:
        "results/{dataset}/logs/prepare.log",
    benchmark:
        "results/{dataset}/logs/prepare.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    conda:
        "../../environment.yml"
    script:
        "../../scripts/prepare.py"
