"""Writes tests/fixtures/influence-measures.json: linear datamodeling scores and mislabel detection by scipy.

    pip install numpy scipy
    python tests/peers/make_influence_measures.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import mannwhitneyu, spearmanr

random = np.random.default_rng(17)


def datamodeling(test_count: int, train_count: int, model_count: int, ties: bool) -> dict:
    scores = random.normal(size=(test_count, train_count))
    if ties:
        scores = np.round(scores)
    subsets = [
        np.sort(random.permutation(train_count)[: train_count // 2]) for _ in range(model_count)
    ]
    sums = np.array([[scores[test, subset].sum() for test in range(test_count)] for subset in subsets])
    outputs = np.round(sums + 2 * random.normal(size=sums.shape), 1 if ties else 6)
    return {
        "scores": scores.round(6).tolist(),
        "subsets": [subset.tolist() for subset in subsets],
        "outputs": outputs.tolist(),
        "correlations": [
            spearmanr(
                [scores.round(6)[test, subset].sum() for subset in subsets], outputs[:, test]
            ).statistic
            for test in range(test_count)
        ],
    }


def detection(count: int, ties: bool) -> dict:
    wrong = random.random(count) < 0.2
    suspicions = random.normal(size=count) + wrong
    suspicions = suspicions.round(0 if ties else 6)
    order = sorted(range(count), key=lambda i: (-suspicions[i], i))
    checked = [0.1, 0.2, 0.5, 1.0]
    u = mannwhitneyu(suspicions[wrong], suspicions[~wrong]).statistic
    return {
        "suspicions": suspicions.tolist(),
        "wrong": wrong.astype(int).tolist(),
        "checked": checked,
        "area": u / (wrong.sum() * (~wrong).sum()),
        "found": [
            sum(wrong[i] for i in order[: int(np.ceil(share * count))]) / wrong.sum()
            for share in checked
        ],
    }


fixture = {
    "datamodeling": [datamodeling(4, 12, 9, False), datamodeling(3, 10, 8, True)],
    "detection": [detection(40, False), detection(60, True)],
}
path = Path(__file__).parent.parent / "fixtures" / "influence-measures.json"
path.write_text(json.dumps(fixture) + "\n")
