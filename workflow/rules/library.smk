import os
import sys

# Where the library `vae` is. As the main workflow ours comes first, also in the jobs: Snakemake
# adds a script's folder at the end of the path alone, and another package called `vae` on the
# user's path would win. As a module of somebody's workflow it comes last: modules of theirs that
# are called like our scripts (train, evaluate) stay theirs.
library = os.path.realpath(str(workflow.current_basedir.join("../../scripts")))
if workflow.modifier.is_main_snakefile():
    sys.path.insert(0, library)
    path = [library, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ.update(PYTHONPATH=os.pathsep.join(dict.fromkeys(filter(None, path))))
else:
    sys.path.append(library)

import vae

place = os.path.realpath(vae.__path__[0] if hasattr(vae, "__path__") else vae.__file__)
if place != os.path.join(library, "vae"):
    sys.exit(
        f"Another Python package called vae comes before ours: {place}. Take it off PYTHONPATH "
        "or uninstall it, or give ours an environment of its own."
    )
