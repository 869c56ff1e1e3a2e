#!/usr/bin/env python3
"""outcomes.py -- runs modules of Python's own test package and prints what became of each test.

    outcomes.py MODULE…        test.test_zlib, ctypes.test, …

`outcome<TAB>test` for each test, in the order of names, on stdout; what the tests say goes to stderr.
A module that can't be imported or is skipped as a whole is a line, too.  No unittest runner of its own
prints times or addresses here, so that two runs can be compared line by line.
"""
import importlib
import os
import sys
import tempfile
import unittest

from test import support


class Outcomes(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.lines = []

    def note(self, outcome, test):
        self.lines.append((test.id(), outcome))
        print(outcome, test.id(), file=sys.stderr, flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note("skipped", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note("FAILED", test)
        print(self._exc_info_to_string(err, test), file=sys.stderr)

    def addError(self, test, err):
        super().addError(test, err)
        self.note("ERROR", test)
        print(self._exc_info_to_string(err, test), file=sys.stderr)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note("expected failure", test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note("UNEXPECTED SUCCESS", test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note("FAILED", subtest)
            print(self._exc_info_to_string(err, test), file=sys.stderr)


def run(name, outcomes):
    try:
        module = importlib.import_module(name)
        tests = unittest.defaultTestLoader.loadTestsFromModule(module)
    except unittest.SkipTest:
        outcomes.lines.append((name, "skipped"))
        return
    tests.run(outcomes)


def main():
    support.use_resources = []  # nothing large, slow or from the network
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # some tests talk
    outcomes = Outcomes()
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        for name in sys.argv[1:]:
            run(name, outcomes)
        os.chdir("/")
    for test, outcome in sorted(outcomes.lines):
        print(outcome, test, sep="\t", file=answer)
    return 0 if outcomes.lines else 1


if __name__ == "__main__":
    sys.exit(main())
