#!/usr/bin/env python3
"""Krippendorff's alpha of two readers' answers, a line a question, of the written and the real calls: tests/calls/agreement.py"""
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


def tell(title, x, y):
    ids = sorted(x.keys() & y.keys())
    print(f"{title}: {len(ids)} calls")
    for question in WHOLE:
        print(f"{question:14} {alpha([(x[i][question], y[i][question]) for i in ids]):.2f}")
    graded = [i for i in ids if x[i]["conduct"] is not None and y[i]["conduct"] is not None]
    print(f"{'conduct':14} {alpha([(x[i]['conduct'], y[i]['conduct']) for i in graded], ordinal=True):.2f} (ordinal, {len(graded)} calls)")
    for question in AT_MARKS:
        each = [alpha([(x[i][question][k], y[i][question][k]) for i in ids]) for k in range(4)]
        whole = alpha([(x[i][question][k], y[i][question][k]) for i in ids for k in range(4)])
        print(f"{question:14} {whole:.2f} (" + ", ".join(f"{mark}%: {value:.2f}" for mark, value in zip(MARKS, each)) + ")")


def main():
    tell("written", load("answers-x.jsonl"), load("answers-y.jsonl"))
    tell("real", load("real-answers-x.jsonl"), load("real-answers-y.jsonl"))
    wishes = list(load("real-wishes.jsonl").values())
    print(f"wish of the caller: {sum(wish['x'] == wish['y'] for wish in wishes)} of {len(wishes)} the same, alpha {alpha([(wish['x'], wish['y']) for wish in wishes]):.2f}")


if __name__ == "__main__":
    main()
