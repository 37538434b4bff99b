from snakemake.utils import min_version

min_version("9.14")


include: "workflow/rules/library.smk"


from vae.plan import loading

# First, since Snakemake reports mistakes in a config file with a traceback.
files = loading.files()
settings = loading.load(
    config, () if workflow.config_settings.replace_workflow_config else files
)


for file in files:

    configfile: file


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/explore.smk"


onstart:
    if ignored:
        names = ", ".join(ignored)
        print(
            f"Jobs do not get these of your environment: {names}", file=sys.stderr
        )
    preflight.check_writable(asked_for)
    preflight.clear_future_times()


onerror:
    jobs.report_killed(log)


# Every run of every configured dataset; `snakemake mnist` builds those of one.
rule all:
    default_target: True
    input:
        [targets.dataset_targets(settings, name) for name in settings.runs],


for name in settings.runs:

    rule:
        name:
            name
        input:
            targets.dataset_targets(settings, name),
