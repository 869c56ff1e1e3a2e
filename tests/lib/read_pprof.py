#!/usr/bin/env python3
"""read_pprof.py -- a second reader of `leakring export --format=pprof`, from the format's
description alone: says what the profile holds, or stops with what is wrong with it.

    read_pprof.py FILE          JSON: sums of each sample type, comments, mappings, ...
    read_pprof.py FILE NAME     the values of samples with that function, summed
"""
import gzip
import json
import sys


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) pairs; values are ints or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
            assert len(value) == length, "a field is cut"
        else:
            raise AssertionError(f"wire type {key & 7}")
        yield key >> 3, value


def packed(data):
    at, values = 0, []
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


def message(data):
    """Of each field the last value."""
    return dict(fields(data))


class Profile:
    def __init__(self, path):
        with open(path, "rb") as file:
            raw = file.read()
        assert raw[:2] == b"\x1f\x8b", "not gzipped"
        assert raw[4:8] == b"\0\0\0\0", "a time in the gzip header: not the same bytes each time"
        self.all = {}
        for number, value in fields(gzip.decompress(raw)):
            self.all.setdefault(number, []).append(value)
        self.strings = [text.decode() for text in self.all[6]]
        assert self.strings[0] == "", "string 0 isn't empty"
        self.types = [self.type(value) for value in self.all[1]]
        self.functions = {f[1]: f for f in map(message, self.all.get(5, []))}
        self.mappings = {m[1]: m for m in map(message, self.all.get(3, []))}
        self.locations = {}
        for data in self.all.get(4, []):
            lines = [message(value) for number, value in fields(data) if number == 4]
            head = message(data)
            assert head.get(2, 0) == 0 or head[2] in self.mappings, "no such mapping"
            assert lines and all(line[1] in self.functions for line in lines), "no such function"
            self.locations[head[1]] = lines
        self.samples = [(packed(s[1]), packed(s[2])) for s in map(message, self.all.get(2, []))]
        for places, values in self.samples:
            assert len(values) == len(self.types), "as many values as types"
            assert all(place in self.locations for place in places), "no such location"

    def type(self, data):
        parts = message(data)
        return self.strings[parts[1]], self.strings[parts[2]]

    def text(self, number):
        return [self.strings[value] for value in self.all.get(number, [])]

    def names(self, places):
        return {self.strings[self.functions[line[1]][2]]
                for place in places for line in self.locations[place]}

    def sums(self, name=None):
        total = [0] * len(self.types)
        for places, values in self.samples:
            if name is None or name in self.names(places):
                total = [a + b for a, b in zip(total, values)]
        return {kind: value for (kind, _), value in zip(self.types, total)}


def main():
    profile = Profile(sys.argv[1])
    if len(sys.argv) > 2:
        print(json.dumps(profile.sums(sys.argv[2])))
        return
    mappings = [profile.strings[m.get(5, 0)] for m in profile.mappings.values()]
    builds = {profile.strings[m.get(5, 0)]: profile.strings[m[6]]
              for m in profile.mappings.values() if 6 in m}
    print(json.dumps({
        "types": ["/".join(kind) for kind in profile.types],
        "period_type": "/".join(profile.type(profile.all[11][0])),
        "default": profile.text(14), "drop_frames": profile.text(7), "doc_url": profile.text(15),
        "comments": profile.text(13), "mappings": mappings, "build_ids": builds,
        "sums": profile.sums(), "samples": len(profile.samples)}))


main()
