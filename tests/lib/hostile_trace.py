#!/usr/bin/env python3
"""hostile_trace.py DIRECTORY [NAME...] -- writes traces (or those) whose directory and records were made to
hurt a reader, NAME.lkr each.  What each is after stands at its function.

A few kilobytes on the disk each, but for those that want records: sections may be mostly holes.
"""
import os
import struct
import sys

PAGE = 4096
(COUNTERS, META, STRINGS, MODULES, METHODS, JFRAMES, STACKS, NODES, LIVE, REGIONS, PAIRDEFS, PAIRS,
 PAIRSITES, EVENTS) = range(1, 15)
AREAS, COLLECTIONS, SERIES_1M, FOLLOWED, MARKS = 17, 19, 21, 23, 27
ENTRY = {COUNTERS: 8, META: 8, STRINGS: 1, MODULES: 80, METHODS: 16, JFRAMES: 8, STACKS: 64, NODES: 16,
         LIVE: 32, REGIONS: 32, PAIRDEFS: 8, PAIRS: 32, PAIRSITES: 64, EVENTS: 32, AREAS: 40,
         COLLECTIONS: 1024, SERIES_1M: 4096, FOLLOWED: 32, MARKS: 32}
OPEN, EXITED = 1, 2
MOST_NODES = 512  # frames of a stack that a reader takes


def fnv1a(data):
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xffffffff
    return value


class Trace:
    """Every section that must be there, with room for a page; more as it is asked for."""

    def __init__(self):
        self.sections = {kind: [PAGE // ENTRY[kind], 0, []] for kind in range(1, 15)}
        self.state, self.pid, self.start = EXITED, 4242, 0
        self.strings = b'\0\0\0\0'

    def section(self, kind, entries, used=None, at=0, data=b''):
        """Room for `entries`; data begins at entry `at`."""
        was = self.sections.get(kind, [0, 0, []])
        self.sections[kind] = [max(entries, was[0]), used if used is not None else was[1],
                               was[2] + [(at * ENTRY[kind], data)]]

    def string(self, text):
        found = len(self.strings)
        self.strings += struct.pack('<I', len(text)) + text + b'\0' * (-len(text) % 4)
        return found

    def write(self, path):
        room = max(self.sections[STRINGS][0], len(self.strings))
        self.section(STRINGS, room, max(self.sections[STRINGS][1], len(self.strings)), 0, self.strings)
        at, directory, data = PAGE, b'', []
        for kind, (entries, used, pieces) in sorted(self.sections.items()):
            directory += struct.pack('<IIQQQ', kind, ENTRY[kind], at, entries, used)
            data += [(at + offset, piece) for offset, piece in pieces]
            at += -(-entries * ENTRY[kind] // PAGE) * PAGE
        head = b'LEAKRING' + struct.pack('<IIIIIIQ', 1, 0x01020304, 144 + 32 * 32, len(self.sections), 0, 0, at)
        checked = head[:28] + b''.join(directory[i:i + 24] for i in range(0, len(directory), 32))
        head = head[:28] + struct.pack('<I', fnv1a(checked)) + head[32:]
        head += struct.pack('<IIIIQQQ', 1, self.state, self.pid, 0, 10**18, 0 if self.state == OPEN else 10**18 + 10**10,
                            self.start) + b'\0' * 16 + struct.pack('<IIII', 100, 9000, 4096, 62)
        with open(path, 'wb') as out:
            out.write(head.ljust(144, b'\0') + directory)
            for offset, piece in data:
                out.seek(offset)
                out.write(piece)
            try:
                out.truncate(at)
            except OSError:  # a file system with a smaller limit
                return False
        return True


def live(key, size, stack=0, birth=5):
    return struct.pack('<QQIIfHH', key, size | 1 << 48, stack, birth, 1.0, 1, 0)


def stack_of(trace, frames):
    """Stack 1, of that many frames."""
    nodes = b'\0' * 16 + b''.join(struct.pack('<QII', 0x1000 + i, i, 0) for i in range(frames))
    trace.section(NODES, frames + 1, frames + 1, 0, nodes)


def stack(node, frames):
    return struct.pack('<IHHQQQQQIIff', node, frames, 0, 0, 1, 100, 0, 0, 5, 0, 0, 0)


def plain():
    """Nothing is wrong with this one."""
    trace = Trace()
    stack_of(trace, 3)
    trace.section(STACKS, 64, 2, 0, b'\0' * 64 + stack(3, 3))
    trace.section(LIVE, 128, 1, 7, live(0x8000, 5000000, 1))
    return trace


def holes(kind, entries, used, ends=b''):
    """A section of a terabyte, all of it hole but for its first records and its last."""
    trace = plain()
    trace.section(kind, entries, used)
    if ends:
        trace.section(kind, entries, used, entries - 1, ends)
    return trace


def holes_everywhere():
    """Every section of sixteen gigabytes, used up to its end."""
    trace = plain()
    for kind in list(trace.sections) + [AREAS, COLLECTIONS, SERIES_1M, FOLLOWED, MARKS]:
        trace.section(kind, (16 << 30) // ENTRY[kind], (16 << 30) // ENTRY[kind])
    return trace


def holes_running():
    """A table of holes, of a process that runs: it would be read twice."""
    trace = holes(LIVE, 1 << 35, 2, live(0x9000, 3000000, 1))
    with open('/proc/1/stat') as stat:
        trace.start = int(stat.read().rsplit(')', 1)[1].split()[19])
    trace.state, trace.pid = OPEN, 1
    return trace


def deep_stacks(count, frames=MOST_NODES):
    """Very many stacks, which share one chain of frames as long as a reader takes."""
    trace = Trace()
    stack_of(trace, frames)
    entries = b'\0' * 64 + b''.join(stack(frames - i % 8, frames - i % 8) for i in range(count))
    trace.section(STACKS, count + 1, count + 1, 0, entries)
    trace.section(LIVE, count, count, 0, b''.join(live(0x10000 + 64 * i, 5000, i + 1) for i in range(count)))
    return trace


def same_module(count):
    """As many modules as there can be, all of which are one library, each with a place."""
    trace = Trace()
    library = os.path.realpath('/proc/self/exe').encode()
    path = trace.string(library)
    module = struct.pack('<QQQIIII', 0, 1 << 40, 0, path, 0, 0, 0) + b'\0' * 40
    trace.section(MODULES, count, count, 0, b'\0' * 80 + module * (count - 1))
    trace.section(NODES, count, count, 0, b'\0' * 16 + b''.join(
        struct.pack('<QII', i << 48 | 0x5001, 0, 0) for i in range(1, count)))
    trace.section(STACKS, count, count, 0, b'\0' * 64 + b''.join(stack(i, 1) for i in range(1, count)))
    trace.section(LIVE, count, count, 0, b''.join(live(0x10000 + 64 * i, 900000, i) for i in range(1, count)))
    return trace


def device(path):
    """A module whose file is a device: opening one can do harm."""
    trace = Trace()
    module = struct.pack('<QQQIIII', 0, 1 << 40, 0, trace.string(path), 0, 0, 0) + b'\0' * 40
    trace.section(MODULES, 51, 2, 0, b'\0' * 80 + module)
    trace.section(NODES, 2, 2, 0, b'\0' * 16 + struct.pack('<QII', 1 << 48 | 0x5001, 0, 0))
    trace.section(STACKS, 64, 2, 0, b'\0' * 64 + stack(1, 1))
    trace.section(LIVE, 128, 1, 7, live(0x8000, 5000000, 1))
    return trace


SAMPLES = {
    'plain': plain,
    'holes-live': lambda: holes(LIVE, 1 << 35, 2, live(0x9000, 3000000, 1)),
    'holes-regions': lambda: holes(REGIONS, 1 << 35, 2),
    'holes-pairs': lambda: holes(PAIRS, 1 << 35, 2),
    'holes-strings': lambda: holes(STRINGS, 1 << 40, 1 << 40, b'\1'),
    'holes-nodes': lambda: holes(NODES, 1 << 36, 1 << 36, b'\1' * 16),
    'holes-stacks': lambda: holes(STACKS, 1 << 34, 1 << 34, b'\1' * 64),
    'holes-events': lambda: holes(EVENTS, 1 << 35, (1 << 35) + 7, b'\1' * 32),
    'holes-everywhere': holes_everywhere, 'holes-running': holes_running,
    'deep-stacks': lambda: deep_stacks(20000),
    'same-module': lambda: same_module(400),
}


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    for name, make in SAMPLES.items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        path = os.path.join(directory, name + '.lkr')
        if not make().write(path):
            os.unlink(path)


if __name__ == '__main__':
    main()
