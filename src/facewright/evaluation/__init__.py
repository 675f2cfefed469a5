"""Benchmarks: embeddings of pairs in, accuracy, curves and a report out."""

from facewright.evaluation.embedders import Embedder, OnnxInput, open_embedder
from facewright.evaluation.evaluate import EvaluationOptions, evaluate_lfw, evaluate_synthetic
from facewright.evaluation.result import Comparison, VerificationResult, compare, write_result

__all__ = [
    "Comparison",
    "Embedder",
    "EvaluationOptions",
    "OnnxInput",
    "VerificationResult",
    "compare",
    "evaluate_lfw",
    "evaluate_synthetic",
    "open_embedder",
    "write_result",
]
