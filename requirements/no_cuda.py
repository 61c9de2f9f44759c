"""Refuse an environment into which CUDA packages came unasked: gigabytes that a CPU never uses."""

import importlib.metadata
import os
import sys

found = sorted({one.name for one in importlib.metadata.distributions() if (one.name or "").startswith("nvidia-")})
if found and os.environ.get("ALLOW_CUDA") != "1":
    sys.exit(
        f"{len(found)} CUDA packages were installed with torch ({', '.join(found[:3])}, ...). With a GPU, run again "
        "with ALLOW_CUDA=1. Otherwise: make clean, then set TORCH_INDEX to an index that offers torch's CPU build."
    )
