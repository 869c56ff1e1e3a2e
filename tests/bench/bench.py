#!/usr/bin/env python3
"""bench.py -- what leakring costs, beside no tool and other tools, on the same programs in turn.

    tests/bench/bench.py [--rounds N] [--only NAME[,NAME…]] [--quick] [--cold] [--tsv FILE] [--tools NAME,…]

Prints a table of CPU time (user + system, all processes) with ratios of medians, and says how noisy
the machine was.  --only takes a family (native, leak, paced, programs, jvm) or the start of a work's name.
--quick: little work, one round: shows that the harness works, and says nothing of costs.
"""
import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import runner
import tables
import targets
import tools as toolbox
import work_jvm
import work_leak
import work_native
import work_paced
import work_programs

QUICK_TOOLS = "leakring,leakring-default,leakring-512k"
FAMILIES = {"native": work_native, "leak": work_leak, "paced": work_paced,
            "programs": work_programs, "jvm": work_jvm}


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0].split(" -- ")[1])
    parser.add_argument("--rounds", type=int, help="rounds that count (5; 1 with --quick)")
    parser.add_argument("--only", default="", help="families or works, by their start")
    parser.add_argument("--tools", default="", help="only these tools; none is always there")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cold", action="store_true", help="no round that isn't counted")
    parser.add_argument("--tsv", help="write the rows there too")
    parser.add_argument("--scratch", help="directory for traces (a temporary one)")
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 5)
    if chosen.quick and not chosen.tools:
        chosen.tools = QUICK_TOOLS
    return chosen


def chosen_works(wanted, quick):
    names = [name for name in wanted.split(",") if name]
    for family, module in FAMILIES.items():
        for work in module.works(quick):
            if not names or any(family == name or work.key.startswith(name) for name in names):
                yield work


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    system = next((line.split("=")[1].strip().strip('"') for line in open("/etc/os-release")
                   if line.startswith("PRETTY_NAME")), "Linux")
    gcc = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True).stdout.strip()
    return "%d cores, %s; %s, Linux %s, gcc %s" % (os.cpu_count(), model, system,
                                                   platform.release().split("-")[0], gcc)


def measure_all(chosen, tools, scratch):
    rows, noises = [], {}
    wanted = [name for name in chosen.tools.split(",") if name]
    for work in chosen_works(chosen.only, chosen.quick):
        here = [tools[name] for name in work.tools if not tools[name].missing and
                (not wanted or name in wanted or name == "none")]
        try:
            got, noises[work.key] = work.measure(here, chosen.rounds, scratch, tell,
                                                 int(chosen.cold))
        except runner.Failed as error:
            print("bench.py: %s" % error, file=sys.stderr)
            noises[work.key] = "FAILED: " + str(error).splitlines()[0]
            continue
        rows += got
        tables.show_work(work, got, noises[work.key], tools)
        work.after(got)
    return rows, noises


def tell(text):
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def main():
    chosen = options()
    runner.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    scratch = tempfile.mkdtemp(prefix="leakring-bench.", dir=chosen.scratch)
    try:
        tools = toolbox.all_tools()
        tables.show_head(machine(), tools, chosen)
        rows, noises = measure_all(chosen, tools, scratch)
    finally:
        runner.stop_all()
        shutil.rmtree(scratch, ignore_errors=True)
    if chosen.tsv:
        tables.write_tsv(chosen.tsv, rows)
    tables.show_findings(work_leak.findings)
    if not chosen.quick:
        targets.show(rows, work_leak.findings)
    failed = [key for key, text in noises.items() if text.startswith("FAILED")]
    if failed or not rows:
        print("bench.py: failed: %s" % (", ".join(failed) or "no such work"), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
