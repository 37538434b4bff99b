# Figures of a run on the test set, each with its unit.
rule evaluate:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
        run="results/{dataset}/{run}/run.json",
    output:
        "results/{dataset}/{run}/metrics.json",
    log:
        "results/{dataset}/{run}/logs/evaluate.log",
    benchmark:
        "results/{dataset}/{run}/logs/evaluate.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        evaluation=evaluation_settings,
        code=fingerprint("evaluate"),
    script:
        "../../scripts/evaluate.py"
