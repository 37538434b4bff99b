"""Score images by how well they fit a trained run, from scripts and terminals.

It reads the run's scorer.onnx alone, and so starts in half a second.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # which PYTHONSAFEPATH leaves out

from vae.services.errors import UserError
from vae.terminal import scores


def main(words: Sequence[str]) -> int:
    """Run the command; returns its exit status: 1 if no image could be scored."""
    arguments = scores.parse(words)
    try:
        return 0 if scores.write(arguments) else 1
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
