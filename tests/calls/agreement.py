#!/usr/bin/env python3
"""Krippendorff's alpha of the two readers' answers, a line a question: tests/calls/agreement.py"""
import collections
import json
import os

FOLDER = os.path.dirname(os.path.abspath(__file__))
WHOLE = ["not_done", "had_to_fight", "left_angry", "goes_outside", "hard_on_agent"]
AT_MARKS = ["leave", "dissatisfied", "escalates", "offer_welcome"]
MARKS = [25, 50, 75, 100]


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as lines:
        return {answer["id"]: answer for answer in map(json.loads, lines)}


def alpha(pairs, ordinal=False):
    """Two coders, nothing missing (Krippendorff 2011)."""
    counts = collections.Counter(value for pair in pairs for value in pair)
    n = sum(counts.values())
    ranks = sorted(counts)

    def distance(a, b):
        if not ordinal:
            return float(a != b)
        low, high = min(a, b), max(a, b)
        return (sum(counts[rank] for rank in ranks if low <= rank <= high) - (counts[low] + counts[high]) / 2) ** 2

    observed = sum(2 * distance(a, b) for a, b in pairs) / n
    expected = sum(counts[a] * counts[b] * distance(a, b) for a in counts for b in counts) / (n * (n - 1))
    return 1 - observed / expected if expected else float("nan")


def main():
    x, y = load("answers-x.jsonl"), load("answers-y.jsonl")
    ids = sorted(x.keys() & y.keys())
    print(f"{len(ids)} calls")
    for question in WHOLE:
        print(f"{question:14} {alpha([(x[i][question], y[i][question]) for i in ids]):.2f}")
    print(f"{'conduct':14} {alpha([(x[i]['conduct'], y[i]['conduct']) for i in ids], ordinal=True):.2f} (ordinal)")
    for question in AT_MARKS:
        each = [alpha([(x[i][question][k], y[i][question][k]) for i in ids]) for k in range(4)]
        whole = alpha([(x[i][question][k], y[i][question][k]) for i in ids for k in range(4)])
        print(f"{question:14} {whole:.2f} (" + ", ".join(f"{mark}%: {value:.2f}" for mark, value in zip(MARKS, each)) + ")")


if __name__ == "__main__":
    main()
