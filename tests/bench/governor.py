#!/usr/bin/env python3
"""governor.py -- the governor at work: a load that grows a thousandfold and falls again.

    governor.py [--calm S] [--storm S] [--after S] [--every S] [--budget PERCENT] [KEY=VALUE...]

Runs changing_load under the tracer, reads a report of the running process every few seconds, and
prints a line for each: the phase, thousands of blocks a second, what recording cost since the line
before (percent of the CPU time that the process used), what it cost since the start and what it may
have cost by then (seconds of CPU), the sampling interval, live bytes as estimated, their 95 %
interval, the truth, and at how many of the twenty sites the truth lies in the site's interval.
Ends with how many lay inside in all, and how many of the lines kept within what may be.

What it may cost: the budget of the program's own CPU time, 1 ms a second, the burst of 10 s, 1.25 s
for each return to exact, and for each step to a larger interval the second that called for it.
`floor` is the part that no interval reduces: 4 ns for each block that isn't recorded, and 1 ns for
the releases that are looked for in vain (docs/STATISTICS.md, section 7).

Records of the last 100 ms may still be on their way into the file of a running process, as its
report says: the truth is what is live less what was replaced in the last 0.5 s, or anything between.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("LEAKRING_BUILD", ROOT + "/build")

REPLACED = 1000 / 20 * 0.5 / 1000  # the part of a site's blocks that is younger than 0.5 s
BURST, GRANT, FREE, SKIP = 10.0, 1.25, 0.001, 5e-9  # seconds; preload/record/governor.c
COLUMNS = "%6s  %-5s %8s %6s %7s %7s %6s  %-8s %9s  %-20s %7s  %s"


def interval_text(interval):
    if interval == 0:
        return "exact"
    return "%d MiB" % (interval >> 20) if interval >= 1 << 20 else "%d KiB" % (interval >> 10)


def estimates(report):
    """low, value and high by site."""
    found = {}
    for site in report["sites"]:
        name = (site["culprit"] or {}).get("function") or ""
        if site["kind"] == "malloc" and name.startswith("site_"):
            sums = found.setdefault(name, [0, 0, 0])
            for i, key in enumerate(("low", "value", "high")):
                sums[i] += site["live_bytes"][key]
    return found


def last_point(trace, figure):
    text = subprocess.run([BUILD + "/leakring", "dump", "--format=json", "--section=series_1s", trace],
                          stdout=subprocess.PIPE, check=True).stdout
    points = json.loads(text)["series_1s"]
    return (points[-1].get(figure) if points else None) or 0


def cpu_us(pid):
    fields = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000000 // os.sysconf("SC_CLK_TCK")


class Look:
    """What the process and its trace say at one moment.  Times in seconds."""

    def __init__(self, trace, pid, lines):
        self.at, self.cpu = time.monotonic(), cpu_us(pid) / 1e6
        self.cost = last_point(trace, "recording_time") / 1e6
        self.churned = max([int(line.split("\t")[1]) for line in lines
                            if line.startswith("churned\t")] or [0])
        report = json.loads(subprocess.run([BUILD + "/leakring", "report", "--format=json", trace],
                                           stdout=subprocess.PIPE, check=True).stdout)
        sampling = report["completeness"]["sampling"] or {"interval": 0, "changes": []}
        self.interval = sampling["interval"]
        changes = sampling["changes"]
        self.returns = sum(change["to"] == 0 for change in changes)
        self.called = sum(change["cost_percent"] for change in changes if change["to"] > change["from"]) / 100
        self.found = estimates(report)


class Table:
    def __init__(self, began, budget):
        self.began, self.budget = began, budget
        self.before, self.skipped = None, 0
        self.inside = self.shown = self.kept = self.lines = 0
        print(COLUMNS % ("s", "phase", "k/s", "cost %", "spent", "allowed", "floor", "interval",
                         "estimate", "95 % interval, MB", "truth", "sites inside"))

    def allowed(self, look):
        return (self.budget * (look.cpu - look.cost) + FREE * (look.at - self.began) + BURST +
                GRANT * look.returns + look.called)

    def add(self, phase, truth, look):
        before = self.before or look
        seconds = max(look.at - before.at, 1e-3)
        churned = look.churned - before.churned
        if look.interval:
            self.skipped += churned
        good = sum(low <= truth[name] and truth[name] * (1 - REPLACED) <= high
                   for name, (low, _, high) in look.found.items())
        sums = [sum(site[i] for site in look.found.values()) / 1e6 for i in range(3)]
        floor, allowed = self.skipped * SKIP, self.allowed(look)
        print(COLUMNS % (
            "%.1f" % (look.at - self.began), phase, "%.1f" % (churned / seconds / 1e3),
            "%.2f" % (100 * (look.cost - before.cost) / max(look.cpu - before.cpu, 1e-3)),
            "%.2f" % look.cost, "%.2f" % allowed, "%.2f" % floor, interval_text(look.interval),
            "%.2f" % sums[1], "%8.2f to %8.2f" % (sums[0], sums[2]),
            "%.2f" % (sum(truth.values()) / 1e6), "%2d of %2d" % (good, len(look.found))), flush=True)
        self.inside, self.shown = self.inside + good, self.shown + len(look.found)
        self.kept, self.lines = self.kept + (look.cost <= allowed + floor), self.lines + 1
        self.before = look

    def sums(self):
        print("\n%d of %d site estimates held the truth (%.1f %%); recording had cost no more than it may"
              " (allowed + floor) at %d of %d looks\n" % (
                  self.inside, self.shown, 100 * self.inside / max(self.shown, 1), self.kept, self.lines))


def watch(target, trace, out, options):
    table = Table(time.monotonic(), options.budget / 100)
    while True:
        time.sleep(options.every)
        lines = open(out).read().split("\n")[:-1]
        if target.poll() is not None or "end" in lines:
            break
        phase = [line for line in lines if line in ("calm", "storm")][-1:]
        if phase:
            truth = {line.split("\t")[0]: int(line.split("\t")[2]) for line in lines
                     if line.startswith("site_")}
            table.add(phase[0], truth, Look(trace, target.pid, lines))
    table.sums()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("calm", 30), ("storm", 90), ("after", 90), ("every", 5), ("budget", 3)):
        parser.add_argument("--" + name, type=float, default=default)
    parser.add_argument("keys", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leakring-governor.") as where:
        trace = where + "/load.lkr"
        keys = ["file=" + trace, "budget=%g" % options.budget] + options.keys
        with open(where + "/out", "w") as out:
            target = subprocess.Popen(
                [BUILD + "/test/bench/changing_load", str(options.calm), str(options.storm),
                 str(options.after)], stdout=out,
                env=dict(os.environ, LD_PRELOAD=BUILD + "/libleakring.so", LEAKRING=",".join(keys)))
        try:
            watch(target, trace, where + "/out", options)
        finally:
            if target.poll() is None:
                target.terminate()
            target.wait()
        report = subprocess.run([BUILD + "/leakring", "report", trace], stdout=subprocess.PIPE,
                                universal_newlines=True, check=True).stdout
        sys.stdout.write(report.split("\n\n")[1] + "\n")


if __name__ == "__main__":
    main()
