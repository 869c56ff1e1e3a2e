"""targets.py -- what the costs should be, and what they were."""
import tables

EXACT, DEFAULT, SAMPLED = "leakring", "leakring-default", "leakring-512k"

# Work (a start of its key), tool, largest ratio that is wanted; several works: the worst of them.
RATIOS = [
    ("churn-fp", EXACT, 2.2), ("churn", EXACT, 2.6), ("live1m", EXACT, 1.8),
    ("churn", SAMPLED, 1.12), ("zip-", EXACT, 1.25), ("direct-", EXACT, 1.4),
    ("lucene-", EXACT, 1.03),
]


def of(rows, key, tool):
    whole = not key.endswith("-")
    return [row for row in rows if row.tool.name == tool and
            (row.key == key if whole else row.key.startswith(key))]


def verdict(measured, limit):
    if measured <= limit:
        return "met"
    return "missed by %.0f %%" % (100 * (measured / limit - 1))


def ratio_lines(rows):
    for key, tool, limit in RATIOS:
        found = of(rows, key, tool)
        if not found:
            continue
        worst = max(found, key=lambda row: row.ratio)
        usual = of(rows, worst.key, DEFAULT)
        yield [worst.work, worst.tool.title, "%.2f" % worst.ratio, "<= %.2f" % limit,
               verdict(worst.ratio, limit), "%.2f" % usual[0].ratio if usual else ""]


def thread_lines(rows):
    """Eight threads against one: the ratio of the ratios."""
    one, eight = of(rows, "churn", EXACT), of(rows, "churn-8", EXACT)
    if one and eight:
        times = eight[0].ratio / one[0].ratio
        yield [eight[0].work, "its ratio, by that of 1 thread", "%.2f" % times, "<= 1.30",
               verdict(times, 1.3), ""]


def paced_lines(rows):
    for row in of(rows, "paced", EXACT) + of(rows, "paced-mixed", EXACT):
        written = row.facts["per_hour"]
        yield [row.work, "written in an hour", tables.size(written), "<= 1 GB",
               verdict(written, 1e9), ""]
    for row in of(rows, "paced", EXACT) + of(rows, "many-stacks", EXACT):
        facts, limit = row.facts, row.file_bytes + (8 << 20)
        yield [row.work, "memory added, by file size + 8 MiB", "%.2f" % (facts["added_kb"] * 1024 / limit),
               "<= 1.00", verdict(max(0, facts["added_kb"]) * 1024, limit), ""]
    for row in of(rows, "paced-fsync", EXACT) + of(rows, "paced-slow", EXACT):
        yield [row.work, "p99.99 of malloc, by no tool's", "%.2f" % row.facts["latency_ratio"],
               "<= 2.00", verdict(row.facts["latency_ratio"], 2.0), ""]


def leak_lines(findings):
    for tool, facts in findings:
        if tool.name != EXACT:
            continue
        yield ["50 places leak", "found with exact bytes", "%d/50" % facts["exact"], "50/50",
               "met" if facts["exact"] == 50 else "missed", ""]
        yield ["", "CPU of the report", "%.2f s" % facts["report_cpu"], "<= 1 s",
               verdict(facts["report_cpu"], 1), ""]
        yield ["", "memory of the report", tables.size(facts["report_rss_kb"] * 1024), "<= 100 MB",
               verdict(facts["report_rss_kb"] * 1024, 100e6), ""]


def size_lines(rows):
    """The file after a million and after a hundred million events."""
    small, large = of(rows, "events-6", EXACT), of(rows, "events-8", EXACT)
    if small and large:
        same = small[0].file_bytes == large[0].file_bytes
        yield ["file after 10^6 and 10^8 events", "", "%s and %s" % (
            tables.size(small[0].file_bytes), tables.size(large[0].file_bytes)), "the same",
            "met" if same else "missed", ""]


def show(rows, findings):
    lines = [line for source in (ratio_lines(rows), thread_lines(rows), size_lines(rows),
                                 paced_lines(rows), leak_lines(findings)) for line in source]
    if not lines:
        return
    print("\nTargets")
    tables.align([["", "", "measured", "wanted", "", "as it comes"]] + lines, right_from=2)
