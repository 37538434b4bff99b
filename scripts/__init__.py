"""`python -m scripts.generate` and `-m scripts.status` find the library as the files do."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
