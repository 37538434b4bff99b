localrules:
    compare,
    write_model_card,


# Metrics of a run on the test set and of images that it generates, each with its unit.
rule evaluate:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        posterior="results/{dataset}/{run}/posterior.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
        mixture="results/{dataset}/{run}/mixture.npz",
        classifier=classifier,
        run="results/{dataset}/{run}/run.json",
    output:
        in_report("results/{dataset}/{run}/metrics.json", "metrics with units"),
    log:
        "results/{dataset}/{run}/logs/evaluate.log",
    benchmark:
        "results/{dataset}/{run}/logs/evaluate.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(240),
    params:
        evaluation=evaluation_settings,
        units=UNITS,
        code=evaluate_code,
    script:
        "../../scripts/evaluate.py"


# All runs of a dataset side by side; the best are marked.
rule compare:
    input:
        runs=runs_of("run.json"),
        metrics=runs_of("metrics.json"),
    output:
        table=in_report("results/{dataset}/comparison.csv", "comparison, as a table"),
        picture=in_report("results/{dataset}/comparison.png"),
    log:
        "results/{dataset}/logs/compare.log",
    benchmark:
        "results/{dataset}/logs/compare.tsv"
    conda:
        "../../environment.yml"
    params:
        metrics=METRICS,
        groups=constant("vae.evaluation.metrics", "GROUPS"),
        code=fingerprint("compare"),
    script:
        "../../scripts/compare.py"


# What a run is, what it was trained on, how good it is and how to load it, in words.
rule write_model_card:
    input:
        run="results/{dataset}/{run}/run.json",
        metrics="results/{dataset}/{run}/metrics.json",
    output:
        "results/{dataset}/{run}/model_card.md",
    log:
        "results/{dataset}/{run}/logs/write_model_card.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(500),
        runtime=each_attempt(5),
    params:
        data=data_terms,
        code=fingerprint("write_model_card"),
    script:
        "../../scripts/write_model_card.py"
