# Metrics of a run on the test set, each with its unit; of every image its code and its scores.
rule evaluate:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        posterior="results/{dataset}/{run}/posterior.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
        run="results/{dataset}/{run}/run.json",
    output:
        metrics=in_report("results/{dataset}/{run}/metrics.json", "metrics with units"),
        scores="results/{dataset}/{run}/scores.parquet",
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
        evaluation=evaluation_settings("draws", "samples", "images", "scores"),
        units=units_of(METRICS),
        code=evaluate_code,
    script:
        "../../scripts/evaluate.py"


# From any image to its score and its error map, in one file, with thresholds if asked for.
rule export_scorer:
    input:
        posterior="results/{dataset}/{run}/posterior.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
        run="results/{dataset}/{run}/run.json",
        images=images_for_thresholds,
    output:
        "results/{dataset}/{run}/scorer.onnx",
    log:
        "results/{dataset}/{run}/logs/export_scorer.log",
    benchmark:
        "results/{dataset}/{run}/logs/export_scorer.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
    params:
        settings=scorer_settings,
        code=scoring_code("export_scorer"),
    script:
        "../../scripts/export_scorer.py"


# How well a run tells anomalies from normal images.
rule evaluate_anomalies:
    input:
        images="results/{dataset}/images.npz",
        scorer=scorer_with_thresholds,
    output:
        table="results/{dataset}/{run}/anomalies.parquet",
        record=in_report("results/{dataset}/{run}/anomalies.json", "anomalies"),
    log:
        "results/{dataset}/{run}/logs/evaluate_anomalies.log",
    benchmark:
        "results/{dataset}/{run}/logs/evaluate_anomalies.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=each_attempt(3000),
        runtime=each_attempt(60),
    params:
        code=fingerprint("evaluate_anomalies"),
    script:
        "../../scripts/evaluate_anomalies.py"


# The scores of all images, for programs that read no Parquet.
rule write_scores:
    input:
        "results/{dataset}/{run}/scores.parquet",
    output:
        "results/{dataset}/{run}/scores.csv",
    log:
        "results/{dataset}/{run}/logs/write_scores.log",
    conda:
        "../../environment.yml"
    params:
        code=fingerprint("write_scores"),
    script:
        "../../scripts/write_scores.py"


# What the metrics of a dataset's runs are held against, without a VAE.
rule evaluate_baselines:
    input:
        images="results/{dataset}/images.npz",
    output:
        in_report("results/{dataset}/baselines.json", "baselines"),
    log:
        "results/{dataset}/logs/evaluate_baselines.log",
    benchmark:
        "results/{dataset}/logs/evaluate_baselines.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(60),
    params:
        units=units_of(METRICS | REPRESENTATION_METRICS, "gaussian_", "pixels_"),
        code=fingerprint("evaluate_baselines"),
    script:
        "../../scripts/evaluate_baselines.py"


# What the codes of a run say of an image's class. Apart from `evaluate`, so that another metric of
# codes does not repeat its likelihoods.
rule evaluate_representation:
    input:
        images="results/{dataset}/images.npz",
        codes="results/{dataset}/{run}/codes.npz",
        run="results/{dataset}/{run}/run.json",
    output:
        in_report(
            "results/{dataset}/{run}/representation.json", "codes as a representation"
        ),
    log:
        "results/{dataset}/{run}/logs/evaluate_representation.log",
    benchmark:
        "results/{dataset}/{run}/logs/evaluate_representation.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(60),
    params:
        factors=factors,
        units=units_of(REPRESENTATION_METRICS),
        code=fingerprint("evaluate_representation"),
    script:
        "../../scripts/evaluate_representation.py"


# How close the images that a run generates are to real ones. Apart from `evaluate`, so that
# another kind of samples does not repeat its likelihoods.
rule evaluate_samples:
    input:
        images="results/{dataset}/images.npz",
        encoder="results/{dataset}/{run}/encoder.onnx",
        decoder="results/{dataset}/{run}/decoder.onnx",
        mixture="results/{dataset}/{run}/mixture.npz",
        classifier=classifier,
        second_stage=second_stage,
        run="results/{dataset}/{run}/run.json",
    output:
        in_report("results/{dataset}/{run}/sample_quality.json", "quality of samples"),
    log:
        "results/{dataset}/{run}/logs/evaluate_samples.log",
    benchmark:
        "results/{dataset}/{run}/logs/evaluate_samples.tsv"
    group:
        "figures"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=each_attempt(2000),
        runtime=each_attempt(60),
    params:
        evaluation=evaluation_settings("generated"),
        second_stage=second_stage_draws,
        units=units_of(SAMPLE_METRICS),
        code=fingerprint("evaluate_samples"),
    script:
        "../../scripts/evaluate_samples.py"


# All runs of a dataset side by side; the best are marked.
rule compare:
    input:
        runs=runs_of("run.json"),
        metrics=runs_of("metrics.json"),
        representations=runs_of("representation.json"),
        qualities=runs_of("sample_quality.json"),
        baselines="results/{dataset}/baselines.json",
    output:
        table=in_report("results/{dataset}/comparison.csv", "comparison, as a table"),
        picture=in_report("results/{dataset}/comparison.png"),
    log:
        "results/{dataset}/logs/compare.log",
    benchmark:
        "results/{dataset}/logs/compare.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    params:
        metrics=METRICS | REPRESENTATION_METRICS,
        groups=constant("vae.evaluation.metrics", "GROUPS"),
        sample_metrics=SAMPLE_METRICS,
        origins=constant("vae.evaluation.sample_metrics", "ORIGINS"),
        recommended=recommended_runs,
        code=fingerprint("compare"),
    script:
        "../../scripts/compare.py"


# What a run is, what it was trained on, how good it is and how to load it, in words.
rule write_model_card:
    input:
        run="results/{dataset}/{run}/run.json",
        metrics="results/{dataset}/{run}/metrics.json",
        representation="results/{dataset}/{run}/representation.json",
        quality="results/{dataset}/{run}/sample_quality.json",
        baselines="results/{dataset}/baselines.json",
    output:
        "results/{dataset}/{run}/model_card.md",
    log:
        "results/{dataset}/{run}/logs/write_model_card.log",
    localrule: True
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
