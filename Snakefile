import os
import sys

from snakemake.utils import min_version

min_version("9.14")
if not os.path.isdir(str(workflow.current_basedir)):
    sys.exit(
        "This workflow has a library and files beside its rules, and Snakemake fetches single "
        "files from a repository. Clone the repository, and give `snakefile:` the path of its "
        "Snakefile there."
    )


include: "workflow/rules/library.smk"


from vae.plan import loading

# Another workflow that imports this one may bring the whole config; Snakemake then reads no file.
is_whole = workflow.config_settings.replace_workflow_config or (config and not is_main)
files = loading.files()[:1] if is_whole else loading.files()
# First, since Snakemake reports mistakes in a config file with a traceback.
settings = loading.load(config, files)


for file in files:

    configfile: file


if is_whole:
    config.update(loading.merged([*loading.read(*files), config]))


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
