"""client.py PORT GZIP_PORT [--without CASE,CASE] [CASE...]: C-core goes through everything that an interop server promises.

Prints a line for each case.
"""
import os
import sys
import threading
import traceback

import cases  # noqa: F401  (fills CASES)
from check import CASES

CASE_TIMEOUT_S = 40
PREFIX = os.environ.get("INTEROP_PREFIX", "")


def run(function):
    outcome = ["out of time"]

    def body():
        try:
            function()
            outcome[0] = None
        except Exception as error:
            outcome[0] = f"{type(error).__name__}: {error}".replace("\n", " | ")
            if not isinstance(error, AssertionError):
                traceback.print_exc()

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(CASE_TIMEOUT_S)
    return outcome[0]


def main():
    wanted, unwanted = sys.argv[3:], ()
    if wanted and wanted[0] == "--without":
        unwanted, wanted = wanted[1].split(","), wanted[2:]
    failed = 0
    for function in CASES:
        if (wanted and function.__name__ not in wanted) or function.__name__ in unwanted:
            continue
        why = run(function)
        print(f"ok {PREFIX}{function.__name__}" if why is None else f"FAIL {PREFIX}{function.__name__}: {why}", flush=True)
        failed += why is not None
    # A case that hangs leaves threads behind that would keep the process.
    os._exit(1 if failed else 0)


main()
