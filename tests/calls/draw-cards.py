#!/usr/bin/env python3
"""Draws the situation cards of tests/calls: line of business x wish x temper x what the agent is told x how it ends, by a fixed seed."""
import json
import random

LINES = ["telecom", "bank", "insurance", "gym", "streaming", "utilities", "software", "magazine"]
LEAVING = [
    "wants to end the whole contract", "wants to end one part of it and keep the rest", "moves house and ends it",
    "has found another provider and ends it", "wants it ended at a later date", "ends it for an elderly parent",
    "closes it for somebody who died", "has asked before and nothing happened", "threatens to leave but would rather stay",
    "asks what leaving would cost, and may do it",
]
OTHER = [
    "questions a bill", "has a fault", "complains of a missed visit", "wants to cancel an appointment or order, nothing else",
    "wants to change plan", "did not get a refund", "cannot log in", "wants a fee back", "updates details", "was charged twice",
]
TEMPERS = ["calm", "brisk", "chatty", "anxious", "tired", "irritated", "angry", "insulting"]
AGENTS = [
    "must enter a reason before anything can be closed", "is measured on customers kept", "may make one offer and then has to process it",
    "reads from a script with three offers", "is new and unsure of the system", "is experienced and free to decide",
    "has no right to cancel and has to pass it on", "has been told to keep calls short",
]
BAD = [
    "what the customer wanted is not done and no reason or date was given", "it is done only after he had to say it three times or more",
    "the customer leaves angry", "the customer says that he will publish, report, sue or charge back, and does not take it back",
    "the customer insults or threatens the agent again and again",
]
GOOD = [
    "it is done at once and confirmed", "it is booked with a date", "he takes an offer that he asked for", "it is refused with a reason that he accepts",
    "the problem is solved and both part well", "he changes his mind by himself", "a first no is respected and it is done",
]


def main():
    draw = random.Random(20261122)
    cards = []
    for i in range(240):
        bad = i % 2 == 0
        leaving = draw.random() < (0.7 if bad else 0.6)
        temper = draw.choice(TEMPERS)
        ending = draw.choice(BAD if bad else GOOD)
        if bad and ending == BAD[4]:
            temper = draw.choice(["angry", "insulting"])
        cards.append({
            "id": f"card-{i + 1:03}", "line": LINES[draw.randrange(8)], "wish": draw.choice(LEAVING if leaving else OTHER), "temper": temper,
            "agent": draw.choice(AGENTS), "ending": ending, "turns": draw.randrange(12, 41),
        })
    draw.shuffle(cards)
    with open("cards.jsonl", "w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(card) + "\n" for card in cards)


main()
