"""Every benchmark that needs no data, one after the other: what `make bench` runs.

python -m benchmarks [--out docs/benchmarks]
python -m benchmarks NAME [arguments]     # one of them, such as memory
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import OUT, tables
from benchmarks.workers import module


def main(arguments: Sequence[str]) -> None:
    """Run the named one; else all, and then print what docs/benchmarks.md shows of them."""
    if arguments and not arguments[0].startswith("-"):
        name, *rest = arguments
        sys.exit(subprocess.run(module(None, f"benchmarks.{name}", *rest), check=False).returncode)
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT, help="folder for what is written")
    out = ["--out", str(parser.parse_args(arguments).out)]
    failed = []
    for name, arguments in {
        "training": out,
        "rebuilds": out,
        "resizing": out,
        "sweeps": ["10", "100"],
    }.items():
        print(f"\n{name}", flush=True)
        command = module(None, f"benchmarks.{name}", *arguments)
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    print("\n" + tables.markdown(Path(out[1])))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
