"""Counts the instructions of each step of `switchboard bench micro` with callgrind: count_instructions.py --check|--record PROGRAM FILE

Time jitters from run to run, instructions don't. Each step is run 1,000 and 3,000 times, and what the second run has more than the first is
divided by 2,000, so that starting the program counts for nothing. FILE has a line a step: its name, a tab, and the most instructions it may
take. --check fails where a step takes more, or where the steps are not those of the file; --record writes the file, with a tenth to spare.
"""

import os
import re
import subprocess
import sys

FEW, MANY = 1_000, 3_000


def instructions(program, step, count):
    """All that the program executes in user space."""
    environment = {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, "bench", "micro", "--only", step]
    run = subprocess.run([*command, "--iterations", str(count)], env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        sys.exit(f"{step}: callgrind ended with {run.returncode}\n{run.stderr[-2000:]}")
    return int(found[1])


def main():
    mode, program, path = sys.argv[1:]
    listing = subprocess.run([program, "bench", "micro", "--only", "?"], capture_output=True, text=True, check=False).stderr
    named = re.search(r"--only names one of (.*)\.", listing)
    if not named:
        sys.exit(f"the steps are not known: {listing}")
    steps = named[1].split(", ")
    limits = {}
    if mode == "--check":
        with open(path, encoding="utf-8") as file:
            limits = {name: int(limit) for name, limit in (line.split("\t") for line in file)}
        if set(limits) != set(steps):
            sys.exit(f"{path} has the steps {sorted(limits)}, the program {sorted(steps)}: scripts/bench --record")
    measured = {step: round((instructions(program, step, MANY) - instructions(program, step, FEW)) / (MANY - FEW)) for step in steps}
    failed = False
    for step, count in measured.items():
        limit = limits.get(step)
        is_over = limit is not None and count > limit
        failed |= is_over
        print(f"{step:<24} {count:>7} instructions" + ("" if limit is None else f", at most {limit}: {'MORE' if is_over else 'ok'}"))
    if mode == "--record":
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{step}\t{round(count * 1.1)}\n" for step, count in measured.items())
    sys.exit(1 if failed else 0)


main()
