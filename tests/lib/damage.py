#!/usr/bin/env python3
"""damage.py CLI TRACE... -- damages copies of traces, and has each command read them: nothing may crash,
hang, take more than two seconds of processor time or 256 MB, or fail without a line of explanation.

--flips N     one bit flipped at random, N times for each trace and command (half of them in the header)
--cuts N      cut at a random multiple of 512, N times for each
--whole       `report` with every bit of the header flipped, and cut at every multiple of 512, too
--seed N      other damages

Prints one line for each fault, with how to make it again, and a summary of what was tried.
"""
import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HEADER = 1168  # bytes, and directory (docs/FORMAT.md)
COMMANDS = {
    'report': ['report'], 'html': ['report', '--format=html', '-o', 'page.html', '-f'],
    'json': ['report', '--format=json'], 'check': ['check'], 'diff': ['diff', 'good.lkr'],
    'folded': ['export', '--format=folded'], 'pprof': ['export', '--format=pprof', '-o', 'x.pb.gz', '-f'],
    'top': ['top', '--once'], 'dump': ['dump'],
}


class Driver:
    def __init__(self, cli):
        self.cli, self.runs, self.refused, self.faults = cli, 0, 0, 0
        self.most_s, self.most_mb = 0.0, 0

    def fault(self, what, name, how):
        self.faults += 1
        print('FAULT %s: %s, %s' % (what, name, how), flush=True)

    def run(self, name, how):
        with open('out', 'wb') as out, open('err', 'wb') as err:
            child = subprocess.Popen([self.cli] + COMMANDS[name] + ['bad.lkr'], stdout=out, stderr=err,
                                     stdin=subprocess.DEVNULL)
            late = []
            signal.signal(signal.SIGALRM, lambda *_: (late.append(1), child.kill()))
            signal.alarm(120)
            _, status, usage = os.wait4(child.pid, 0)
            signal.alarm(0)
            child.returncode = status
        seconds, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024
        self.runs += 1
        self.most_s, self.most_mb = max(self.most_s, seconds), max(self.most_mb, megabytes)
        if status & 127:
            self.fault('hang' if late else 'signal %d' % (status & 127), name, how)
        elif status >> 8 > 3:
            self.fault('exit status %d' % (status >> 8), name, how)
        elif status >> 8 == 2:
            self.refused += 1
            with open('err', 'rb') as err:
                lines = err.read().splitlines()
            with open('out', 'rb') as out:
                lines += [line for line in out.read().splitlines() if b'bad.lkr' in line]
            if not lines or (lines[0][:10] != b'leakring: ' and name != 'check'):
                self.fault('no explanation', name, how)
        if seconds > 2:
            self.fault('%.1f s' % seconds, name, how)
        if megabytes > 256:
            self.fault('%d MB' % megabytes, name, how)

    def flip(self, name, data, bit, trace):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        self.write(changed)
        self.run(name, 'bit %d of %s' % (bit, trace))

    def cut(self, name, data, size, trace):
        self.write(data[:size])
        self.run(name, '%d bytes of %s' % (size, trace))

    @staticmethod
    def write(data):
        with open('bad.lkr', 'wb') as file:
            file.write(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('cli')
    parser.add_argument('traces', nargs='+')
    parser.add_argument('--flips', type=int, default=0)
    parser.add_argument('--cuts', type=int, default=0)
    parser.add_argument('--whole', action='store_true')
    parser.add_argument('--seed', type=int, default=1)
    wanted = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    driver = Driver(os.path.abspath(wanted.cli))
    traces = [os.path.abspath(trace) for trace in wanted.traces]
    any_of = random.Random(wanted.seed)
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        began = time.time()
        for trace in traces:
            shutil.copy(trace, 'good.lkr')
            with open(trace, 'rb') as file:
                data = file.read()
            for name in COMMANDS:
                for number in range(wanted.flips):
                    size = min(HEADER, len(data)) if number % 2 else len(data)
                    driver.flip(name, data, any_of.randrange(size * 8), trace)
                for _ in range(wanted.cuts):
                    driver.cut(name, data, any_of.randrange(len(data) // 512) * 512, trace)
            if wanted.whole:
                for bit in range(min(HEADER, len(data)) * 8):
                    driver.flip('report', data, bit, trace)
                for size in range(0, len(data), 512):
                    driver.cut('report', data, size, trace)
        print('%d runs, %d refused, %d faults; at most %.2f s and %d MB; %.0f s in all' % (
            driver.runs, driver.refused, driver.faults, driver.most_s, driver.most_mb, time.time() - began))
        os.chdir('/')
    sys.exit(driver.faults > 0)


main()
