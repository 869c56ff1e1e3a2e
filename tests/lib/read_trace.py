#!/usr/bin/env python3
"""read_trace.py -- a second reader of traces, written from docs/FORMAT.md alone.

Prints what `leakring dump --format=json` prints (the sections that are in the file), so that a test
can compare the two: what they disagree about, the specification says badly.
"""
import json
import os
import re
import struct
import sys

SERIES_DEF = os.path.join(os.path.dirname(__file__), "../../include/leakring/series.def")

KINDS = {1: "malloc", 2: "new", 3: "mmap"}
META = [None, "exe", "cmdline", "host", "config", "tracer", "allocator", "java_version",
        "java_vendor", "java_vm", "java_gc", "note", "ahead"]
EVENTS = [None, "start", "exit", "exec", "fork", "module", "unload", "jvm", "gc", "vm_death",
          "cleaned", "loss", "pair_acquire", "pair_release", "interval", "whole_gc", "gc_asked",
          "gc_done", "mark"]
RESULTS = ["none", "done", "no_jvm", "dying", "no_thread", "ignored", "refused", "unseen", "unknown",
           "full"]
MARK_SOURCES = [None, "asked", "called", "java"]
MARKS = 27
WHYS = [None, "asked", "budget", "calm", "table", "room"]
COUNTERS, META_SEC, STRINGS, MODULES, METHODS, JFRAMES, STACKS, NODES, LIVE, REGIONS, PAIRDEFS, \
    PAIRS, PAIRSITES, EVENT_RING, INTERVALS, THREADS, AREAS = range(1, 18)
AREA_KINDS = [None, "end", "anonymous", "arena", "heap", "stack", "file", "shared", "trace", "other", "own"]


def fnv1a(data, value=2166136261):
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xffffffff
    return value


class Trace:
    def __init__(self, path):
        self.data = open(path, "rb").read()
        magic, version, endian, header_size, count, incompat, checksum, size = \
            struct.unpack_from("<8s6IQ", self.data)
        assert magic == b"LEAKRING" and endian == 0x01020304 and version == 1 and incompat == 0
        assert len(self.data) >= size and 144 + 32 * count <= header_size <= 4096
        value = fnv1a(self.data[:28])
        self.sections = {}
        for i in range(count):
            at = 144 + 32 * i
            value = fnv1a(self.data[at:at + 24], value)
            ident, entry, offset, capacity, used = struct.unpack_from("<2I3Q", self.data, at)
            self.sections[ident] = (entry, offset, capacity, used)
        assert value == checksum, "checksum"

    def entries(self, ident, form, append=True):
        """(index, fields) of an append section's valid entries, or of all slots."""
        entry, offset, capacity, used = self.sections[ident]
        for i in range(used if append else capacity):
            yield i, struct.unpack_from("<" + form, self.data, offset + i * entry)

    def string(self, ident):
        _, offset, _, _ = self.sections[STRINGS]
        length, = struct.unpack_from("<I", self.data, offset + ident)
        return self.data[offset + ident + 4:offset + ident + 4 + length].decode()


def frames_of(trace, first, count, modules, methods, jframes):
    entry, offset, _, _ = trace.sections[NODES]
    node = first
    for _ in range(count):
        value, node, _ = struct.unpack_from("<QII", trace.data, offset + node * entry)
        if value >> 63:
            method, line = jframes[value & 0xffffffff]
            cls, name, source, hidden = methods[method]
            frame = {"kind": "java", "function": cls + "." + name}
            if source:
                frame["file"] = source
            if line != -1:
                frame["line"] = line
            frame.update(inlined=False, hidden=hidden)
        else:
            module, address = value >> 48, value & (1 << 48) - 1
            path = modules[module] if module else ""
            function = "%s+0x%x" % (path.split("/")[-1], address) if module else "0x%x" % address
            frame = {"kind": "unknown", "function": function, "module": path,
                     "address": hex(address), "inlined": False, "hidden": False}
        yield frame


def nine_digits(value):
    """A float as the dump prints it."""
    return float("%.9g" % value)


def stacks_of(trace):
    modules = [trace.string(f[3]) for _, f in trace.entries(MODULES, "3Q4I32s2I")]
    methods = [(trace.string(c), trace.string(n), trace.string(s), bool(f & 1))
               for _, (c, n, s, f) in trace.entries(METHODS, "4I")]
    jframes = [f for _, f in trace.entries(JFRAMES, "Ii")]
    for i, (first, count, flags, _, allocs, size, lost, lost_size, first_ms, _, of_count,
            of_bytes) in trace.entries(STACKS, "IHHQ4Q2I2f"):
        if i > 0 and not flags & 64:
            yield {"stack": i, "alloc_count": allocs, "alloc_bytes": size,
                   "count_variance": nine_digits(of_count),
                   "bytes_variance": nine_digits(of_bytes), "lost_count": lost,
                   "lost_bytes": lost_size, "first_ms": first_ms, "java": bool(flags & 1),
                   "depth_cut": bool(flags & 2), "native_lost": bool(flags & 4),
                   "java_lost": bool(flags & 8), "java_cut": bool(flags & 16),
                   "frames": list(frames_of(trace, first, count, modules, methods, jframes))}


def tables_of(trace):
    names = [trace.string(f[0]) for _, f in trace.entries(PAIRDEFS, "2I")]
    threads = [trace.string(f[0]) for _, f in trace.entries(THREADS, "2I")]

    def by(thread):
        return {"thread": threads[thread]} if thread and threads[thread] else {}
    live = [{"address": hex(key & ~7), "size": info & (1 << 48) - 1,
             "kind": KINDS[info >> 48 & 255], "stack": stack, "birth_ms": birth,
             "weight": nine_digits(weight),
             "owned": bool(info >> 56 & 1), "later": info >> 56 & 3 == 3, "claimed": bool(key & 2), **by(thread)}
            for _, (key, info, stack, birth, weight, _, thread) in
            trace.entries(LIVE, "2Q2If2H", False)
            if key and not key & 1]
    regions = [{"start": hex(start), "length": length, "stack": stack, "birth_ms": birth,
                "prot": hex(flags & 255), "flags": hex(flags >> 8 & 0x7fffff),
                "in_memory": bool(flags >> 31), **by(thread)}
               for _, (start, length, stack, birth, flags, _, thread) in
               trace.entries(REGIONS, "2Q3I2H", False) if length]
    pairs = [{"handle": hex(key & ~7), "pair": names[pair], "site": site, "stack": stack,
              "birth_ms": birth, "reused": bool(flags & 1), "claimed": bool(key & 2),
              **by(thread)}
             for _, (key, stack, birth, site, pair, flags, _, thread) in
             trace.entries(PAIRS, "Q3I4H", False) if key and not key & 1]
    sites = [{"site": i, "pair": names[f[0]], "stack": f[1], "acquired": f[2], "released": f[3],
              "released_by_cleaner": f[4], "released_unknown": f[5], "lost": f[6]}
             for i, f in trace.entries(PAIRSITES, "2I5Q") if f[0] != 0xffffffff]
    return {"live": live, "regions": regions, "pairs": pairs, "pairsites": sites}


def events_of(trace):
    entry, offset, capacity, used = trace.sections[EVENT_RING]
    for number in range(max(0, used - capacity), used):
        sequence, kind, time_ms, a, b, tid = struct.unpack_from(
            "<4IQI", trace.data, offset + number % capacity * entry)
        if sequence and sequence == number + 1 & 0xffffffff:
            yield {"number": number, "time_ms": time_ms, "type": EVENTS[kind], "a": a,
                   "b": hex(b), "tid": tid}


def collections_of(trace):
    """Each asked or seen collection of the whole heap."""
    names = [trace.string(f[0]) for _, f in trace.entries(PAIRDEFS, "2I")]
    entry, offset, capacity, used = trace.sections[19]
    first = used - capacity + 2 if used > capacity else 0
    for number in range(first, used):
        fields = struct.unpack_from("<8I7Q16I", trace.data, offset + number % capacity * entry)
        if not fields[0] or fields[0] != number + 1 & 0xffffffff:
            continue
        record = {"number": number, "why": ["", "seen", "asked"][fields[1]], "request": fields[2],
                  "result": RESULTS[fields[3]], "bound_ms": fields[4], "end_ms": fields[5],
                  "drained_ms": fields[6], "collections": fields[7], "cleaned": fields[8]}
        keys = [k + when for k in ("rss", "used", "kept") for when in ("_before", "_after")]
        record.update({k: v for k, v in zip(keys, fields[9:15]) if v != (1 << 64) - 1})
        record["pairs"] = []
        for name, before, after in zip(names, fields[15::2], fields[16::2]):
            counts = {"before": before, "after": after}
            if before or after:
                record["pairs"].append({"pair": name, **{k: v for k, v in counts.items()
                                                         if v != 0xffffffff}})
        yield record


def ring_of(trace, ident):
    """(number, time, bytes of the values) of a ring of points."""
    entry, offset, capacity, used = trace.sections[ident]
    first = used - capacity + 2 if used > capacity else 0
    for number in range(first, used):
        at = offset + number % capacity * entry
        sequence, time_ms = struct.unpack_from("<2I", trace.data, at)
        if sequence and sequence == number + 1 & 0xffffffff:
            yield number, time_ms, trace.data[at + 8:at + entry]


def series_of(trace, names, ident):
    for number, time_ms, data in ring_of(trace, ident):
        values = struct.unpack_from("<%dQ" % (len(data) // 8), data)
        point = {"number": number, "time_ms": time_ms}
        point.update({n: v for n, v in zip(names, values) if v != (1 << 64) - 1})
        yield point


def followed_of(trace, ident):
    for number, time_ms, data in ring_of(trace, ident):
        values = struct.unpack_from("<128f", data)
        yield {"number": number, "time_ms": time_ms,
               "values": [{"slot": i, "bytes": int(values[2 * i] + .5),
                           "count": int(values[2 * i + 1] + .5)}
                          for i in range(64) if values[2 * i + 1] >= 0]}


def is_current(trace, kind, ident, check):
    entry, offset, _, _ = trace.sections[STACKS if kind == 1 else PAIRSITES]
    flags, = struct.unpack_from("<H", trace.data, offset + ident * entry + 6)
    first_ms, = struct.unpack_from("<I", trace.data, offset + ident * entry + 48)
    return check == first_ms + 1 and (kind == 2 or not flags & 64)


def all_series_of(trace):
    names = re.findall(r"^LR_SERIES\((\w+)", open(SERIES_DEF).read(), re.M)
    result = {name: list(series_of(trace, names, 20 + i))
              for i, name in enumerate(("series_1s", "series_1m", "series_30m"))}
    result["followed"] = [
        {"slot": i, "kind": ["", "stack", "pairsite"][kind], "id": ident, "since_ms": since}
        for i, (kind, ident, since, check) in trace.entries(23, "4I", False)
        if kind and is_current(trace, kind, ident, check)]
    result.update({name: list(followed_of(trace, 24 + i))
                   for i, name in enumerate(("followed_10s", "followed_1m", "followed_30m"))})
    return result


def areas_of(trace):
    """Of the last snapshot that is whole."""
    entry, offset, capacity, used = trace.sections[AREAS]
    page, = struct.unpack_from("<I", trace.data, 104)
    records = {}
    for number in range(max(used - capacity, 0), used):
        record = struct.unpack_from("<2IQ4I", trace.data, offset + number % capacity * entry)
        if record[0] == (number + 1) & 0xffffffff:
            records[number] = record
    for end in sorted(records, reverse=True):
        _, time_ms, count, _, _, _, kind = records[end]
        before = [records.get(n, (0, -1)) for n in range(end - count, end)]
        if kind == 1 and all(r[1] == time_ms and r[6] != 1 for r in before):
            return [{"time_ms": time_ms, "kind": AREA_KINDS[kind], "start": hex(start),
                     "length": pages * page, "resident": resident * 1024, "swapped": swapped * 1024}
                    for _, _, start, pages, resident, swapped, kind in before]
    return []


def main():
    trace = Trace(sys.argv[1])
    result = {"meta": [{"key": META[key], "value": trace.string(text)}
                       for _, (key, text) in trace.entries(META_SEC, "2I")]}
    result["modules"] = [
        {"module": i, "path": trace.string(path), "start": hex(start), "end": hex(end),
         "bias": hex(bias), "build_id": build_id[:size].hex(), "load_ms": load,
         "unload_ms": unload, "main": bool(flags & 1), "vdso": bool(flags & 2)}
        for i, (start, end, bias, path, flags, load, unload, build_id, size, _) in
        trace.entries(MODULES, "3Q4I32s2I") if i > 0]
    result["stacks"] = list(stacks_of(trace))
    result.update(tables_of(trace))
    result["events"] = list(events_of(trace))
    result.update(all_series_of(trace))
    result["intervals"] = [{"time_ms": ms, "why": WHYS[why], "from": before, "to": after, "cost": cost}
                           for _, (ms, why, before, after, cost) in trace.entries(INTERVALS, "2I2QI")]
    result["areas"] = areas_of(trace)
    result["collections"] = list(collections_of(trace))
    result["marks"] = [{"name": trace.string(name), "time_ms": ms, "source": MARK_SOURCES[source], "tid": tid}
                       for _, (name, ms, source, tid) in trace.entries(MARKS, "4I")]
    json.dump(result, sys.stdout)


main()
