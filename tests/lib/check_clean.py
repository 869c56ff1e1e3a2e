#!/usr/bin/env python3
"""check_clean.py KIND FILE -- may this output be shown and parsed without harm?  Says why not.

KIND: text, json, html, xml, folded, csv, metrics, markdown, commands (GitHub's), or binary (profiles;
gzip is unpacked).  The names in it are those of tests/unit/test_evil_names.c; a file that has none of
them proves nothing, and fails.
"""
import csv
import gzip
import io
import json
import re
import sys
import xml.etree.ElementTree

TURNS = '\u061c\u200e\u200f' + ''.join(map(chr, range(0x202a, 0x202f))) + ''.join(
    map(chr, range(0x2066, 0x206a)))


def controls(text, allowed='\n'):
    """Characters that a terminal obeys, or that turn the direction of writing."""
    return sorted({'U+%04X' % ord(c) for c in text
                   if (ord(c) < 0x20 and c not in allowed) or 0x7f <= ord(c) <= 0x9f or c in TURNS})


def strings(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def main():
    kind, path = sys.argv[1:]
    with open(path, 'rb') as file:
        data = file.read()
    faults = []
    if kind == 'binary':
        if data[:2] == b'\x1f\x8b':
            data = gzip.decompress(data)
        for at in [m.start() for m in re.finditer(b'EVIL', data)]:
            if not data[at:].startswith(b'EVIL?]0;owned??[2J?'):
                faults.append('a name: %r' % data[at:at + 40])
    else:
        try:
            text = data.decode('utf-8')
        except UnicodeDecodeError as error:
            sys.exit('no UTF-8: %s' % error)
        faults += controls(text, '\r\n' if kind == 'csv' else '\n')
        if '\n::error::owned' in text:
            faults.append('a line of its own')
    if b'EVIL' not in data and b'owned' not in data:
        faults.append('no evil name is in it')
    if kind == 'json':
        for value in strings(json.loads(data)):
            faults += controls(value)  # what an escape stands for, too
    if kind in ('html', 'markdown') and b'<script>alert' in data:
        faults.append('markup of a name')
    if kind == 'xml':
        for element in xml.etree.ElementTree.fromstring(data).iter():
            for value in list(element.attrib.values()) + [element.text or '', element.tail or '']:
                faults += controls(value)
            if element.tag == 'script':
                faults.append('markup of a name')
    if kind == 'folded':
        faults += ['no count: %r' % line for line in text.splitlines()
                   if not re.search(r'( \d+){1,2}$', line)]
    if kind == 'csv':
        rows = list(csv.reader(io.StringIO(text)))
        if len({len(row) for row in rows}) != 1:
            faults.append('rows of unequal length')
        faults += ['a formula: %r' % cell[:40] for row in rows for cell in row if re.match(r'[=@]', cell)]
    if kind == 'metrics':
        faults += ['no sample: %r' % line[:80] for line in text.splitlines() if not re.match(
            r'# (TYPE|HELP|UNIT|EOF)|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? [0-9.e+-]+( [0-9.]+)?$', line)]
    if kind == 'commands':
        faults += ['a command: %r' % line[:80] for line in text.splitlines()
                   if line.startswith('::') and not re.match(r'::(error|warning|notice) [^:]*::', line)]
    sys.exit('\n'.join(sorted(set(faults))) or 0)


main()
