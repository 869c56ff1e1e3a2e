"""runner.py -- runs programs and measures them: CPU time of a whole process tree, interleaved.

Every process that a run leaves behind becomes a child of ours (PR_SET_CHILD_SUBREAPER), so helpers
that a tool starts are counted even when nobody waits for them.  CPU time is user + system as
wait4() tells it.  Wall time is kept too, but nothing is judged by it.
"""
import ctypes
import os
import signal
import statistics
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36
TIMING_LINES = ("cpu\t", "io\t", "memory\t", "latency\t", "waits\t")  # what differs from run to run


class Failed(Exception):
    """A program or a tool didn't do what it should; the message says which and why."""


class Sample:
    """One run.  cpu and wall in seconds, of everything; own: the program's, by its own account."""

    def __init__(self, cpu, wall, rss_kb, text):
        self.cpu, self.wall, self.rss_kb = cpu, wall, rss_kb
        lines = text.splitlines()
        self.facts = dict(line.split("\t", 1) for line in lines if line.startswith(TIMING_LINES))
        self.output = "\n".join(line for line in lines if not line.startswith(TIMING_LINES))
        self.own = int(self.facts["cpu"]) / 1e9 if "cpu" in self.facts else None
        self.left = 0  # bytes of files that the tool left


def adopt_orphans():
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise Failed("prctl(PR_SET_CHILD_SUBREAPER): " + os.strerror(ctypes.get_errno()))


def reap(pid, limit):
    """Waits for all our children.  Returns pid's status, seconds of CPU, largest RSS in KiB."""
    status, cpu, rss, end = None, 0.0, 0, time.monotonic() + limit
    while True:
        try:
            child, wait_status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return status, cpu, rss
        if child == 0:
            if time.monotonic() > end:
                os.killpg(pid, signal.SIGKILL)
                end += 60
            time.sleep(0.002)
            continue
        cpu += usage.ru_utime + usage.ru_stime
        rss = max(rss, usage.ru_maxrss)
        if child == pid:
            status = os.waitstatus_to_exitcode(wait_status)


def read(path):
    with open(path, errors="replace") as file:
        return file.read()


running = []  # process groups


def stop_all():
    """Ends what is still running, because we are to end."""
    for group in running:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass


def start(argv, env, where):
    """Starts a program in `where` with its output in files there."""
    with open(where + "/out", "wb") as out, open(where + "/err", "wb") as err:
        try:
            process = subprocess.Popen(argv, env=env, cwd=where, stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=err, start_new_session=True)
        except OSError as error:
            raise Failed("%s: %s" % (argv[0], error.strerror)) from error
    running.append(process.pid)
    return process


def finish(process, began, where, limit=900):
    status, cpu, rss = reap(process.pid, limit)
    running.remove(process.pid)
    process.returncode = status
    text = read(where + "/out")
    if status != 0:
        raise Failed("status %s: %s\n%s%s" % (status, " ".join(process.args), text[-500:],
                                              read(where + "/err")[-1500:]))
    return Sample(cpu, time.monotonic() - began, rss, text)


def environment(extra):
    """Ours, without what would trace or tune by accident."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("LD_PRELOAD", "LEAKRING", "MALLOC_CONF", "JAVA_TOOL_OPTIONS")}
    env.update(LC_ALL="C", **extra)
    return env


def run(argv, env, where):
    began = time.monotonic()
    return finish(start(argv, environment(env), where), began, where)


def busy_seconds():
    """CPU seconds that this machine has spent since it booted, stolen time included."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Neighbours:
    """How many cores others kept busy between begin() and cores()."""

    def __init__(self):
        self.busy, self.began, self.ours = busy_seconds(), time.monotonic(), 0.0
        self.self_time = time.process_time()

    def ran(self, sample):
        self.ours += sample.cpu

    def cores(self):
        spent = busy_seconds() - self.busy - self.ours - (time.process_time() - self.self_time)
        return max(0.0, spent / max(0.001, time.monotonic() - self.began))


def median(values):
    return statistics.median(values)


def spread(values):
    """How far apart runs are that should be equal: (largest - smallest) / median."""
    return (max(values) - min(values)) / median(values)
