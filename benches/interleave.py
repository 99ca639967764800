#!/usr/bin/env python3
"""Times commands in turn, A B C A B C …, and prints one figure.

interleave.py difference|slower|longer RUNS NAME BOUND COMMAND OTHER…

difference: the median of COMMAND less that of OTHER, in milliseconds.
slower: the median of COMMAND over the slowest OTHER's median.
longer: the median of COMMAND less that of the first OTHER, over that of the second OTHER.
"""

import os
import shlex
import statistics
import sys
import time


def run(argv):
    """Seconds from start to exit, output thrown away."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    begin = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    os.waitpid(pid, 0)
    took = time.perf_counter() - begin
    os.close(null)
    return took


def main():
    kind, runs, name, bound, *commands = sys.argv[1:]
    commands = [shlex.split(command) for command in commands]
    for command in commands:
        run(command)
    times = [[run(command) for command in commands] for _ in range(int(runs))]
    medians = [statistics.median(column) for column in zip(*times)]
    quartiles = [statistics.quantiles(column, n=4) for column in zip(*times)]
    spread = max((high - low) / middle for low, middle, high in quartiles)
    if kind == "difference":
        figure, unit = (medians[0] - medians[1]) * 1000, " ms"
    elif kind == "longer":
        figure, unit = (medians[0] - medians[1]) / medians[2], " x"
    else:
        figure, unit = medians[0] / max(medians[1:]), " x"
    each = " / ".join(f"{median * 1000:.2f}" for median in medians)
    print(f"{name:<58} {figure:>9.2f}{unit:<3}   <= {bound}{unit} (medians {each} ms, spread {spread:.0%})")


main()
