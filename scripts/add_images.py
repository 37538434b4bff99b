"""Make a dataset of a folder of pictures and build it: `make images FOLDER=~/pictures`."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # which PYTHONSAFEPATH leaves out

from vae.plan.loading import PROJECT
from vae.services.errors import UserError
from vae.terminal import own_images


def main() -> int:
    """Look at the folder, write its config unless there is one, and build the dataset."""
    parser = argparse.ArgumentParser(prog="python scripts/add_images.py", description=__doc__)
    parser.add_argument("--cores", default="2", help="for Snakemake (default: 2)")
    parser.add_argument("--look", action="store_true", help="write the config, and build nothing")
    # Not from make's command line: quotes and spaces in a path would be the shell's.
    parser.add_argument("folder", nargs="?", default=os.environ.get("FOLDER", ""))
    arguments = parser.parse_args()
    try:
        name, text = own_images.add(arguments.folder)
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(text, flush=True)
    if arguments.look:
        return 0
    command = ["-m", "snakemake", "--cores", arguments.cores, "--quiet", "rules", "--", name]
    return subprocess.run([sys.executable, *command], cwd=PROJECT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
