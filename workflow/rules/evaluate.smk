localrules:
    compare,
    write_model_card,


# What generated images of a dataset are compared by: one network for all of its runs.
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


# Figures of a run on the test set and of images that it generates, each with its unit.
rule evaluate:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
        mixture="results/{dataset}/{run}/mixture.npz",
        classifier=classifier,
        run="results/{dataset}/{run}/run.json",
    output:
        report(
            "results/{dataset}/{run}/metrics.json",
            caption="../report/metrics.rst",
            category="{dataset}",
            subcategory="{run}",
            labels=labels("figures with units"),
        ),
    log:
        "results/{dataset}/{run}/logs/evaluate.log",
    benchmark:
        "results/{dataset}/{run}/logs/evaluate.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(240),
    params:
        evaluation=evaluation_settings,
        code=fingerprint("evaluate"),
    script:
        "../../scripts/evaluate.py"


# All runs of a dataset side by side; the best are marked.
rule compare:
    input:
        runs=runs_of("run.json"),
        metrics=runs_of("metrics.json"),
    output:
        table=report(
            "results/{dataset}/comparison.csv",
            caption="../report/comparison.rst",
            category="{dataset}",
            subcategory="comparison",
            labels={"latent size": "all", "figure": "comparison, as a table"},
        ),
        picture=report(
            "results/{dataset}/comparison.png",
            caption="../report/comparison.rst",
            category="{dataset}",
            subcategory="comparison",
            labels={"latent size": "all", "figure": "comparison"},
        ),
    log:
        "results/{dataset}/logs/compare.log",
    benchmark:
        "results/{dataset}/logs/compare.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(1000),
        runtime=each_attempt(10),
    params:
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
