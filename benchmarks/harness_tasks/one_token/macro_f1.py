"""Macro-F1 for lm-evaluation-harness, whose own tasks have it for CommitmentBank only."""

from lm_eval.tasks.super_glue.cb.aggregate import cb_multi_fi as of_three_labels
from sklearn.metrics import f1_score

__all__ = ["of_occurring_labels", "of_three_labels"]


def of_occurring_labels(items: list[tuple[int, int]]) -> float:
    """By scikit-learn, from pairs of gold and predicted label."""
    gold, predicted = zip(*items, strict=True)
    return float(f1_score(gold, predicted, average="macro"))
