"""tables.py -- what the harness prints: aligned tables, and the rows as TSV."""
import resource

from work import Row


def align(lines, right_from=1):
    """Columns as wide as their widest cell; the first ones to the left, numbers to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [cell.ljust(width) if i < right_from or i == len(line) - 1 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("  " + "  ".join(cells).rstrip())


def size(count):
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return "%.1f %s" % (count / step, unit)
    return "%d B" % count


def number(value):
    return "" if value is None else "%.2f" % value


def show_head(machine, tools, chosen):
    print("machine: " + machine)
    print("%d interleaved rounds%s; CPU time of all processes%s" % (
        chosen.rounds, "" if chosen.cold else " after one that isn't counted", "; QUICK: no figure here means anything" if chosen.quick else ""))
    versions = ", ".join("%s %s" % (name, tool.version) for name, tool in tools.items()
                         if tool.version and not tool.missing and "-" not in name)
    print("peers: " + (versions or "none"))
    for tool in tools.values():
        if tool.missing:
            print("absent: %s: %s" % (tool.title, tool.missing))


def peak(rss_kb):
    """A child's largest RSS begins with ours, that of Python: less can't be told."""
    return size(rss_kb * 1024) if rss_kb > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss else ""


def show_work(work, rows, noise, tools):
    print("\n%s  (%s)" % (work.title, work.key))
    lines = [["", work.unit, "lowest-highest", "ratio", "of lowest", "program only", "peak RSS",
              "file", ""]]
    for row in rows:
        digits = "%.1f" if work.unit != "s" else "%.3f"
        lines.append([tools[row.tool.name].title, digits % row.median,
                      (digits + "-" + digits) % (row.low, row.high), number(row.ratio),
                      number(row.ratio_low), number(row.own_ratio), peak(row.rss_kb),
                      size(row.file_bytes) if row.file_bytes else "", row.note])
    for name, reason in work.failed.items():
        lines.append([tools[name].title, "failed"] + [""] * 6 + [reason])
    align(lines)
    print("  " + noise, flush=True)


def show_findings(findings):
    if not findings:
        return
    print("\nWhat was found of the 50 places")
    lines = [["", "found", "bytes exact", "error of all bytes", "file", "report CPU", "report RSS", ""]]
    for tool, facts in findings:
        lines.append([tool.title, "%d/50" % facts["found"], "%d/50" % facts["exact"],
                      "%+.2f %%" % (facts["error"] * 100), size(facts["file_bytes"]),
                      "" if facts["report_cpu"] is None else "%.2f s" % facts["report_cpu"],
                      "" if facts["report_rss_kb"] is None else size(facts["report_rss_kb"] * 1024),
                      ""])
    align(lines)


def write_tsv(path, rows):
    with open(path, "w") as out:
        print("\t".join(("key",) + Row.FIELDS), file=out)
        for row in rows:
            values = [row.key] + [row.tool.name if name == "tool" else getattr(row, name)
                                  for name in Row.FIELDS]
            print("\t".join("" if v is None else "%.6g" % v if isinstance(v, float) else str(v)
                            for v in values), file=out)
