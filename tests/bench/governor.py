#!/usr/bin/env python3
"""governor.py -- the governor at work: a load that grows a thousandfold and falls again.

    governor.py [--calm S] [--storm S] [--after S] [--every S] [KEY=VALUE...]

Runs changing_load under the tracer, reads a report of the running process every few seconds, and
prints a line for each: the phase, what recording cost since the line before (percent of the CPU
time that the process used, and of one processor), the sampling interval, live bytes as estimated, their 95 % interval, the truth, and at how many of the
twenty sites the truth lies in the site's interval.  Ends with how many lay inside in all.

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
    return points[-1].get(figure) if points else None


def cpu_us(pid):
    fields = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000000 // os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, seconds in (("calm", 30), ("storm", 90), ("after", 90), ("every", 5)):
        parser.add_argument("--" + name, type=float, default=seconds)
    parser.add_argument("keys", nargs="*")
    options = parser.parse_args()
    where = tempfile.mkdtemp(prefix="leakring-governor.")
    trace = where + "/load.lkr"
    environment = dict(os.environ, LD_PRELOAD=BUILD + "/libleakring.so",
                       LEAKRING=",".join(["file=" + trace] + options.keys))
    with open(where + "/out", "w") as out:
        target = subprocess.Popen([BUILD + "/test/bench/changing_load", str(options.calm),
                                   str(options.storm), str(options.after)],
                                  env=environment, stdout=out)
    began, inside, shown, before = time.monotonic(), 0, 0, (0, 0, 0)
    print("%6s  %-6s %7s %7s  %-8s %9s  %-21s %9s  %s" % (
        "s", "phase", "cost %", "% core", "interval", "estimate", "95 % interval, MB", "truth", "sites inside"))
    while True:
        time.sleep(options.every)
        lines = open(where + "/out").read().split("\n")
        if target.poll() is not None or "end" in lines:
            break
        phase = [line for line in lines if line in ("calm", "storm")][-1:]
        if not phase:
            continue
        truth = {line.split("\t")[0]: int(line.split("\t")[2]) for line in lines if "\t" in line}
        cost, cpu = last_point(trace, "recording_time"), cpu_us(target.pid)
        report = json.loads(subprocess.run([BUILD + "/leakring", "report", "--format=json", trace],
                                           stdout=subprocess.PIPE, check=True).stdout)
        found = estimates(report)
        sums = [sum(site[i] for site in found.values()) / 1e6 for i in range(3)]
        good = sum(found[name][0] <= truth[name] and truth[name] * (1 - REPLACED) <= found[name][2]
                   for name in found)
        sampling = report["completeness"]["sampling"]
        now = time.monotonic() - began
        spent = (cost or 0) - before[0]
        print("%6.1f  %-6s %7.2f %7.2f  %-8s %9.2f  %8.2f to %8.2f  %9.2f  %2d of %2d" % (
            now, phase[0], 100 * spent / max(cpu - before[1], 1), spent / (now - before[2]) / 1e4,
            interval_text(sampling["interval"] if sampling else 0), sums[1], sums[0], sums[2],
            sum(truth.values()) / 1e6, good, len(found)), flush=True)
        inside, shown, before = inside + good, shown + len(found), (cost or 0, cpu, now)
    target.wait()
    report = subprocess.run([BUILD + "/leakring", "report", trace], stdout=subprocess.PIPE,
                            universal_newlines=True, check=True).stdout
    print("\n%d of %d site estimates held the truth (%.1f %%)\n" % (inside, shown, 100 * inside / max(shown, 1)))
    sys.stdout.writelines(line + "\n" for line in report.split("\n\n")[1].split("\n"))
    subprocess.run(["rm", "-rf", where], check=True)


if __name__ == "__main__":
    main()
