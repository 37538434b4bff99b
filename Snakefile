from snakemake.utils import min_version

min_version("9.14")


include: "workflow/rules/library.smk"


from vae.plan.config import check_yaml

check_yaml("config/sources.yaml", "config/config.yaml")


configfile: "config/sources.yaml"
configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/explore.smk"


onstart:
    preflight.check_writable()
    preflight.no_future()


onerror:
    jobs.tell_killed(log)


# Every run of every configured dataset; `snakemake mnist` builds those of one.
rule all:
    default_target: True
    input:
        [runs.dataset_targets(settings, name) for name in settings.runs],


for name in settings.runs:

    rule:
        name:
            name
        input:
            runs.dataset_targets(settings, name),
