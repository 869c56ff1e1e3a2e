"""tools.py -- what a program is measured with: nothing, leakring, and the peers that are installed.

A Tool turns a command into the command and environment to run.  One that isn't installed says how
to get it.  Settings are those that its users are told to use.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import zipfile

from runner import Failed

ROOT = os.path.abspath(os.path.dirname(__file__) + "/../..")
BUILD = os.path.abspath(os.environ.get("LEAKRING_BUILD", ROOT + "/build"))
LIBRARY, COMMAND = BUILD + "/libleakring.so", BUILD + "/leakring"
MAVEN = BUILD + "/maven"
ASYNC_VERSION = "4.1"

# The settings of Elastic's article on finding native leaks with jemalloc, and its default sampling;
# a dump at the end on top, so that it tells all it knows.
JEMALLOC_17 = "prof:true,lg_prof_interval:31,lg_prof_sample:17,prof_final:true,prof_prefix:%s/jeprof"
JEMALLOC_19 = JEMALLOC_17.replace("sample:17", "sample:19")


class Tool:
    """preload: a library, put in front.  env: NAME -> value, %s being the run's directory.
    jvm: flags for java.  base: the tool that it is compared with."""

    def __init__(self, name, title, preload=None, env=None, jvm=None, base="none", wrap=None,
                 missing=None, version="", suffix=""):
        self.name, self.title, self.preload, self.env = name, title, preload, env or {}
        self.jvm, self.base, self.wrap = jvm or [], base, wrap
        self.missing, self.version, self.suffix = missing, version, suffix

    def command(self, argv, where, kind):
        env = {k: v.replace("%s", where) for k, v in self.env.items()}
        if self.preload:
            env["LD_PRELOAD"] = self.preload
        argv = list(argv)
        if kind == "jvm":
            argv[1:1] = [flag.replace("%s", where) for flag in self.jvm]
        elif self.suffix:
            argv[0] += self.suffix
        if self.wrap:
            argv = [word.replace("%s", where) for word in self.wrap] + argv
        return argv, env


def installed_version(package):
    found = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True,
                           text=True).stdout
    return found.split("-")[0]


def find_library(*patterns):
    for pattern in patterns:
        for directory in ("/usr/lib/*", "/usr/lib", "/usr/local/lib"):
            found = sorted(glob.glob(directory + "/" + pattern))
            if found:
                return found[0]
    return None


def knows_key(setting):
    """Does this build's library accept LEAKRING=setting?"""
    done = subprocess.run([BUILD + "/test/bench/churn", "1"], capture_output=True, text=True,
                          env={"LD_PRELOAD": LIBRARY, "LEAKRING": "file=/dev/null/none," + setting})
    return setting.split("=")[0] not in done.stderr.replace("/dev/null", "")


def leakring(name, title, keys, needed=None):
    missing = None
    if needed and not knows_key(needed):
        missing = "this build has no %s=" % needed.split("=")[0]
    settings = ",".join(["file=%s/trace.lkr"] + keys)
    return Tool(name, title, preload=LIBRARY, env={"LEAKRING": settings}, missing=missing)


def our_tools():
    exact = ["budget=off"] if knows_key("budget=off") else []
    return [
        Tool("none", "no tool"),
        leakring("leakring", "leakring, exact" + (", budget=off" if exact else ""), exact),
        leakring("leakring-default", "leakring, as it comes", []),
        leakring("leakring-512k", "leakring, interval=512K", ["interval=512K"], "interval=512K"),
    ]


def jemalloc_tools():
    library, version = find_library("libjemalloc.so.2"), installed_version("libjemalloc2")
    missing = None if library else "apt-get install libjemalloc2"
    if library and not jemalloc_profiles(library):
        missing = "this libjemalloc was built without profiling"
    make = lambda name, title, conf, base: Tool(
        name, title, preload=library, env={"MALLOC_CONF": conf} if conf else {}, base=base,
        missing=missing, version=version)
    return [
        make("jemalloc", "jemalloc, not profiling", "", "none"),
        make("jemalloc-17", "jemalloc, lg_prof_sample:17", JEMALLOC_17, "none"),
        make("jemalloc-19", "jemalloc, lg_prof_sample:19", JEMALLOC_19, "none"),
    ]


def jemalloc_profiles(library):
    done = subprocess.run(["true"], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "LD_PRELOAD": library,
                               "MALLOC_CONF": "prof:true"})
    return done.returncode == 0 and done.stderr == ""


def gperf_tools():
    library = find_library("libtcmalloc.so.4")
    missing = None if library else "apt-get install libgoogle-perftools4t64 or libgoogle-perftools4"
    version = installed_version("libgoogle-perftools4")
    return [
        Tool("tcmalloc", "gperftools, not profiling", preload=library, missing=missing,
             version=version),
        Tool("tcmalloc-512k", "gperftools, sampling 512K", preload=library, missing=missing,
             env={"TCMALLOC_SAMPLE_PARAMETER": "524288"}, version=version),
    ]


def fetch_maven(artifact, version, target):
    """A jar from Maven Central, once; the reason when it can't be had."""
    if not os.path.exists(target):
        if not shutil.which("mvn"):
            return "apt-get install maven (it comes from Maven Central)"
        os.makedirs(MAVEN, exist_ok=True)
        got = subprocess.run(["mvn", "-B", "-q", "dependency:copy", "-DoutputDirectory=" + MAVEN,
                              "-Dartifact=%s:%s" % (artifact, version)],
                             capture_output=True, text=True, timeout=300)
        if not os.path.exists(target):
            return "%s:%s can't be had from Maven Central: %s" % (artifact, version,
                                                                  got.stdout[:120].strip())
    return None


def async_tools():
    jar = "%s/async-profiler-%s.jar" % (MAVEN, ASYNC_VERSION)
    library = "%s/async-%s/libasyncProfiler.so" % (MAVEN, ASYNC_VERSION)
    missing = None
    if not os.path.exists(library):
        missing = fetch_maven("tools.profiler:async-profiler", ASYNC_VERSION, jar)
        if not missing:
            missing = unpack(jar, "linux-x64/libasyncProfiler.so", library)
    make = lambda name, title, size: Tool(
        name, title, preload=library, missing=missing, version=ASYNC_VERSION,
        env={"ASPROF_COMMAND": "start,nativemem=%s,file=%%s/async.jfr" % size})
    return [make("async-0", "async-profiler, nativemem=0", "0"),
            make("async-512k", "async-profiler, nativemem=512k", "512k")]


def unpack(jar, member, target):
    try:
        with zipfile.ZipFile(jar) as archive:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            data = archive.read(member)
            with open(target + ".new", "wb") as out:
                out.write(data)
            os.rename(target + ".new", target)
    except (KeyError, zipfile.BadZipFile) as error:
        return "%s: %s" % (jar, error)
    return None


def other_tools():
    heaptrack = shutil.which("heaptrack")
    lsan = find_library("liblsan.so.0")
    return [
        Tool("heaptrack", "heaptrack", wrap=["heaptrack", "-o", "%s/heaptrack"],
             missing=None if heaptrack else "apt-get install heaptrack",
             version=installed_version("heaptrack")),
        Tool("lsan", "LeakSanitizer, linked in", suffix="-lsan",
             env={"LSAN_OPTIONS": "exitcode=0:max_leaks=0:log_path=%s/lsan"},
             missing=None if lsan else "apt-get install gcc liblsan0",
             version=installed_version("liblsan0")),
        Tool("nmt", "NMT, detail", jvm=["-XX:NativeMemoryTracking=detail"]),
    ]


def all_tools():
    """Name -> Tool, in the order of the tables."""
    if not os.path.exists(LIBRARY):
        raise Failed("%s is missing; run make tests" % LIBRARY)
    tools = our_tools() + other_tools() + async_tools() + jemalloc_tools() + gperf_tools()
    return {tool.name: tool for tool in tools}


# A report can be large, and what we hold is counted as our children's: a process of its own reads it.
COMPLETENESS = """
import json, sys
told = json.load(sys.stdin)["completeness"]
lost = ["%s %s" % (name, count) for name, count in told["dropped"].items() if count]
print("" if told["verdict"] == "complete" else told["verdict"] + ": " + ", ".join(lost))
"""


def completeness(where):
    """What leakring's own report says is missing from the newest trace in `where`; "" if nothing."""
    traces = sorted(glob.glob(where + "/trace*.lkr"), key=os.path.getmtime)
    if not traces:
        return "no trace file"
    report = subprocess.Popen([COMMAND, "report", "--format=json", traces[-1]],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    told = subprocess.run([sys.executable, "-c", COMPLETENESS], stdin=report.stdout,
                          capture_output=True, text=True)
    report.stdout.close()
    status = report.wait()
    return "report: status %d" % status if status > 1 or told.returncode else told.stdout.strip()


def left_bytes(where):
    """Bytes of the files that a tool left behind; the program's own output isn't one of them."""
    return sum(entry.stat().st_size for entry in os.scandir(where)
               if entry.is_file() and not re.fullmatch("out|err", entry.name))
