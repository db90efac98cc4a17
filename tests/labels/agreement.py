#!/usr/bin/env python3
"""Agreement of two passes over labelled turns, a line a signal.

    tests/labels/agreement.py tests/labels/heldout-first.jsonl tests/labels/heldout-second.jsonl

Cohen's kappa, and F1 of the second pass against the first (symmetric), over all turns.
"""
import collections
import json
import sys


def load(path):
    with open(path, encoding="utf-8") as lines:
        return {fragment["id"]: labels(fragment["turns"]) for fragment in map(json.loads, lines)}


def labels(turns):
    """A pass is labels by turn; a labelled call has them at its turns."""
    return turns if isinstance(turns, dict) else {str(turn["seq"]): turn["labels"] for turn in turns}


def main(first_path, second_path):
    first, second = load(first_path), load(second_path)
    turns = []
    for name, fragment in first.items():
        for seq, said in fragment.items():
            turns.append((set(said), set(second[name][seq])))
    counts = collections.defaultdict(lambda: [0, 0, 0])
    for a, b in turns:
        for signal in a | b:
            counts[signal][0 if signal in a and signal in b else 1 if signal in a else 2] += 1
    print(f"{len(turns)} turns")
    print(f"{'signal':22} {'both':>5} {'first':>6} {'second':>7} {'kappa':>6} {'F1':>5}")
    kappas = []
    for signal, (both, only_first, only_second) in sorted(counts.items()):
        n = len(turns)
        neither = n - both - only_first - only_second
        observed = (both + neither) / n
        chance = ((both + only_first) * (both + only_second) + (only_second + neither) * (only_first + neither)) / n / n
        kappa = (observed - chance) / (1 - chance)
        kappas.append(kappa)
        print(f"{signal:22} {both:5} {only_first:6} {only_second:7} {kappa:6.2f} {2 * both / (2 * both + only_first + only_second):5.2f}")
    print(f"mean kappa {sum(kappas) / len(kappas):.2f}, lowest {min(kappas):.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
