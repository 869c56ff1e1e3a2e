"""work_paced.py -- a steady million allocations a second: malloc at its slowest, bytes written to
disk, memory added.  One thread of the harness writes and syncs beside it, in `paced-fsync` and, on a
device that writes 2 MB a second, in `paced-slow`; those two run at a real-time priority where that is
allowed, so that latencies don't tell how many others wait for a processor."""
import os
import threading

import runner
import slow_device
import tables
from tools import BUILD
from work import Work

TOOLS = ["none", "leakring", "leakring-default", "heaptrack", "jemalloc-19"]


class Writer:
    """Writes and syncs a file of 64 MiB beside `where`, `step` bytes at a time, until stopped."""

    def __init__(self, where, step):
        self.path, self.step, self.stopped = where + "/../neighbour", step, threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        with open(self.path, "wb", buffering=0) as file:
            at, block = 0, os.urandom(self.step)
            while not self.stopped.is_set():
                os.pwrite(file.fileno(), block, at % (64 << 20))
                os.fsync(file.fileno())
                at += len(block)
        os.unlink(self.path)

    def stop(self):
        self.stopped.set()
        self.thread.join()


class Paced(Work):
    def after(self, rows):
        """The table of latencies, writes and memory; medians of the rounds."""
        lines = [["", "p50", "p99", "p99.9", "p99.99", "longest", "waits", "p99.99 ratio",
                  "written an hour",
                  "RSS", "added", ""]]
        base = facts_of(rows[0].samples)
        for row in rows:
            facts = facts_of(row.samples)
            row.facts = facts
            facts["latency_ratio"] = facts["latency"][3] / base["latency"][3]
            facts["added_kb"] = facts["rss"] - base["rss"]
            lines.append([row.tool.title] + [duration(ns) for ns in facts["latency"]] +
                         ["%d" % facts["waits"], "%.2f" % facts["latency_ratio"], tables.size(facts["per_hour"]),
                          tables.size(facts["rss"] * 1024), tables.size(max(0, facts["added_kb"]) * 1024), ""])
        tables.align(lines)

    def measure(self, tools, rounds, scratch, say, first=0):
        """Long runs: none that isn't counted, and half as many."""
        return super().measure(tools, (rounds + 1) // 2, scratch, say, 1)


class Beside(Paced):
    """Beside a neighbour that writes and syncs; `slow`: both on a slow device."""

    def __init__(self, key, title, argv, tools, slow=False):
        super().__init__(key, title, argv, tools)
        self.slow = slow

    def run_once(self, tool, where):
        writer = Writer(where, 1 << 16 if self.slow else 1 << 20)
        try:
            return super().run_once(tool, where)
        finally:
            writer.stop()

    def measure(self, tools, rounds, scratch, say, first=0):
        whole = lambda where: Work.measure(self, tools, rounds, where, say, 1)
        if not self.slow:
            return whole(scratch)
        with slow_device.SlowDevice(scratch) as where:
            return whole(where)


class ManyStacks(Work):
    """Memory added when the trace has no room for more stacks."""

    def measure(self, tools, rounds, scratch, say, first=0):
        return super().measure(tools, 1, scratch, say, 1)

    def after(self, rows):
        rss = [int(row.samples[0].facts["memory"].split("\t")[0]) for row in rows]
        lines = [["", "RSS", "added", "by file size + 8 MiB", ""]]
        for row, kb in zip(rows, rss):
            added = max(0, kb - rss[0]) * 1024
            row.facts = {"added_kb": kb - rss[0]}
            share = "%.2f" % (added / (row.file_bytes + (8 << 20))) if row.file_bytes else ""
            lines.append([row.tool.title, tables.size(kb * 1024), tables.size(added), share, ""])
        tables.align(lines)


def facts_of(samples):
    latency = [[int(ns) for ns in sample.facts["latency"].split("\t")] for sample in samples]
    io = [sample.facts["io"].split("\t") for sample in samples]
    return {
        "latency": [runner.median(column) for column in zip(*latency)],
        "waits": runner.median([int(sample.facts["waits"]) for sample in samples]),
        "per_hour": runner.median([int(count) * 3600 / float(seconds) for count, seconds in io]),
        "rss": runner.median([int(sample.facts["memory"].split("\t")[0]) for sample in samples]),
    }


def duration(ns):
    return "%.0f ns" % ns if ns < 1e4 else "%.0f us" % (ns / 1e3) if ns < 1e7 else "%.0f ms" % (ns / 1e6)


def works(quick):
    rate, seconds = (200000, 1) if quick else (1000000, 20)
    paced = lambda key, title, mix, tools=TOOLS: Paced(
        key, title, [BUILD + "/test/bench/paced", str(rate), str(seconds)] + mix, tools)
    yield paced("paced", "1 M blocks a second, short-lived", [])
    yield paced("paced-mixed", "1 M blocks a second, 1 % live for a second, 0.1 % for 30 s",
                ["mixed"], TOOLS[:3])
    yield ManyStacks("many-stacks", "150,000 stacks, a live block each",
                     [BUILD + "/test/bench/many_stacks"] + (["2000", "1"] if quick else []), TOOLS[:3])
    yield from works_beside(quick)


def works_beside(quick):
    argv = [BUILD + "/test/bench/paced"] + (["200000", "1"] if quick else ["500000", "10"]) + ["mixed", "real-time"]
    yield Beside("paced-fsync", "half a million a second, beside a neighbour that writes and syncs", argv,
                 TOOLS[:3])
    if quick:
        return
    if slow_device.missing():
        print("paced-slow: left out, %s" % slow_device.missing())
        return
    yield Beside("paced-slow", "the same, on a device that writes 2 MB a second", argv, TOOLS[:3], True)
