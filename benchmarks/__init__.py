"""How fast, how small and how good the workflow is beside its peers: `python -m benchmarks`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs/benchmarks"  # where results go by default

sys.path.insert(0, str(ROOT / "scripts"))
