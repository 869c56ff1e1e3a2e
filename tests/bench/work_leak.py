"""work_leak.py -- fifty leaking places among ten million allocations: which of them a tool finds,
how wrong its bytes are, and what its file and its report cost."""
import glob
import json
import os
import re
import time

import runner
from tools import BUILD, COMMAND, MAVEN, fetch_maven
from work import Work

TOOLS = ["none", "leakring", "leakring-default", "leakring-512k", "heaptrack", "lsan", "async-0",
         "async-512k", "jemalloc", "jemalloc-17", "jemalloc-19"]
findings = []  # (tool title, dictionary of facts)


def truth_of(text):
    return {name: int(size) for name, _, size in
            (line.split("\t") for line in text.splitlines() if line.startswith("site_"))}


def analyse(argv, where):
    """Runs an analysis; its output, CPU seconds and largest RSS."""
    began = time.monotonic()
    process = runner.start(argv, runner.environment({}), where)
    sample = runner.finish(process, began, where)
    return sample.output, sample


def by_leakring(where):
    trace = sorted(glob.glob(where + "/trace*.lkr"))[-1]
    text, sample = analyse([COMMAND, "report", "--format=json", trace], where)
    found = {}
    for site in json.loads(text)["sites"]:
        names = [frame.get("function") or "" for frame in site["stack"]]
        for name in names:
            if re.fullmatch(r"site_\d\d", name):
                size = site["live_bytes"]
                found[name] = found.get(name, 0) + (size["value"] if isinstance(size, dict) else size)
                break
    return found, sample


def by_heaptrack(where):
    path = glob.glob(where + "/heaptrack*")[0]
    text, sample = analyse(["heaptrack_print", "-f", path, "-l", "1", "-p", "0", "-a", "0", "-T", "0",
                            "-F", where + "/folded", "--flamegraph-cost-type", "leaked"], where)
    found = {}
    for line in runner.read(where + "/folded").splitlines():
        stack, _, size = line.rpartition(" ")
        name = re.search(r"site_\d\d", stack)
        if name:
            found[name.group()] = found.get(name.group(), 0) + int(size)
    return found, sample


def by_lsan(where):
    found = {}
    for path in glob.glob(where + "/lsan*"):
        size = 0
        for line in runner.read(path).splitlines():
            head = re.match(r"(?:Direct|Indirect) leak of (\d+) byte", line)
            if head:
                size = int(head.group(1))
            name = re.search(r"\bsite_\d\d\b", line)
            if name and size:
                found[name.group()] = found.get(name.group(), 0) + size
                size = 0
    return found, None


def by_async(where):
    jar = "%s/jfr-converter-4.1.jar" % MAVEN
    missing = fetch_maven("tools.profiler:jfr-converter", "4.1", jar)
    if missing:
        raise runner.Failed(missing)
    text, sample = analyse(["java", "-Xmx2g", "-jar", jar, "--nativemem", "--leak", "--tail", "0", "--total",
                            "-o", "collapsed", where + "/async.jfr", where + "/collapsed"], where)
    found = {}
    for line in runner.read(where + "/collapsed").splitlines():
        stack, _, size = line.rpartition(" ")
        name = re.search(r"\bsite_\d\d\b", stack)
        if name:
            found[name.group()] = found.get(name.group(), 0) + int(size)
    return found, sample


def by_jemalloc(where):
    """The last dump, its stacks looked up in the program, which lies where its file says."""
    dumps = sorted(glob.glob(where + "/jeprof*.heap"), key=os.path.getmtime)
    if not dumps:
        return {}, None
    text, sample = analyse(["jeprof", "--collapsed", BUILD + "/test/bench/leak_sites", dumps[-1]], where)
    found = {}
    for line in text.splitlines():
        stack, _, size = line.rpartition(" ")
        name = re.search(r"\bsite_\d\d\b", stack)
        if name and size.isdigit():
            found[name.group()] = found.get(name.group(), 0) + int(size)
    return found, sample


READERS = {"leakring": by_leakring, "heaptrack": by_heaptrack, "lsan": by_lsan, "async": by_async,
           "jemalloc": by_jemalloc}


def judge(tool, where, sample):
    reader = READERS.get(tool.name.split("-")[0]) if tool.name != "jemalloc" else None
    if not reader:
        return
    truth, file_bytes = truth_of(sample.output), sample.left
    found, cost = reader(where)
    total = sum(truth.values())
    found = {name: size for name, size in found.items() if name in truth}
    findings.append((tool, {
        "found": len(found),
        "exact": sum(found.get(name) == size for name, size in truth.items()),
        "error": (sum(found.values()) - total) / total,
        "file_bytes": file_bytes,
        "report_cpu": cost and cost.cpu,
        "report_rss_kb": cost and cost.rss_kb,
    }))


def works(quick):
    allocations = 200000 if quick else 10000000
    return [Work("leak50", "50 places leak, %s allocations" % format(allocations, ","),
                 [BUILD + "/test/bench/leak_sites", str(allocations)], TOOLS, events=allocations,
                 event="block", env={}, keep=judge)]
