"""What `benchmarks/train.py` is made of: rows, workers that each measure one run, the four parts, and the page."""
