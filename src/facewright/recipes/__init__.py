"""What papers and benchmarks made their data sets of, as configurations to start from."""

from facewright.recipes.datasets import DATASETS

__all__ = ["DATASETS"]
