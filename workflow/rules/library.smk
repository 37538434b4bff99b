import os
import sys
import warnings

# Where the library `vae` is. As the main workflow ours comes first, also in the jobs: Snakemake
# adds a script's folder at the end of the path alone, and another package called `vae` on the
# user's path would win. As a module of somebody's workflow it comes last: modules of theirs that
# are called like our scripts (train, evaluate) stay theirs.
library = os.path.realpath(str(workflow.current_basedir.join("../../scripts")))
is_main = workflow.modifier.is_main_snakefile()
if is_main:
    sys.path.insert(0, library)
else:
    sys.path.append(library)

import vae

place = os.path.realpath(vae.__path__[0] if hasattr(vae, "__path__") else vae.__file__)
if place != os.path.join(library, "vae"):
    sys.exit(
        f"Another Python package called vae comes before ours: {place}. Take it off PYTHONPATH "
        "or uninstall it, or give ours an environment of its own."
    )

from vae.plan import preflight
from vae.services import environment

preflight.check_braces(os.path.dirname(library))
environment.check_backend()
# Jobs inherit it. Who imports the workflow keeps an environment of their own: there, each job of
# ours sets what it depends on itself.
if is_main:
    # Snakemake leaves files open, which is an error under PYTHONWARNINGS=error.
    warnings.simplefilter("ignore", ResourceWarning)
    os.environ.update(PYTHONPATH=environment.path_for_jobs(library))
    ignored = environment.settle()
else:
    ignored = []
