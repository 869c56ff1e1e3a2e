"""work_jvm.py -- what tracing costs a JVM, on each JDK there is."""
import os
import subprocess

import runner
import tools as toolbox
from work import Work

PEERS = ["none", "leakring", "leakring-default", "heaptrack", "async-0", "async-512k", "jemalloc",
         "jemalloc-17", "jemalloc-19", "nmt"]
OURS = ["none", "leakring", "leakring-default"]
HEAP = ["-Xms1g", "-Xmx1g", "-XX:+UseSerialGC"]


def jdks():
    """Version -> home, of the JDKs that the tests use."""
    found = subprocess.run(["bash", "-c", '. "$0"; lr_find_jdks', toolbox.ROOT + "/tests/lib/jdks.sh"],
                           capture_output=True, text=True).stdout.split()
    versions = {}
    for home in found:
        for line in open(home + "/release"):
            if line.startswith("JAVA_VERSION="):
                versions[line.split('"')[1].split(".")[0]] = home
    return versions


def compile_java(home, version, sources, classpath=""):
    """Directory of the classes; compiled when a source is newer."""
    classes = "%s/test/bench/java-%s" % (toolbox.BUILD, version)
    os.makedirs(classes, exist_ok=True)
    done = subprocess.run([home + "/bin/javac", "-nowarn", "-d", classes] +
                          (["-cp", classpath] if classpath else []) + sources,
                          capture_output=True, text=True)
    if done.returncode:
        raise runner.Failed("javac %s: %s" % (sources, done.stderr[:500]))
    return classes


def lucene_jar():
    """lucene-core 6.4.1 from Maven Central; None and why when it can't be had."""
    jar = toolbox.MAVEN + "/lucene-core-6.4.1.jar"
    missing = toolbox.fetch_maven("org.apache.lucene:lucene-core", "6.4.1", jar)
    return (None, missing) if missing else (jar, None)


def loads(home, version, quick):
    sources = toolbox.ROOT + "/tests/bench/"
    count = 1000 if quick else 1
    classes = compile_java(home, version, [sources + "JvmLoads.java"])
    quiet = ["--sun-misc-unsafe-memory-access=allow"] if int(version) >= 23 else []
    java = [home + "/bin/java"] + quiet + HEAP + ["-cp", classes]
    tools = OURS if quick else PEERS
    work = lambda key, title, argv, tools=tools, **more: Work(
        "%s-%s" % (key, version), "%s, JDK %s" % (title, version), java + argv, tools, kind="jvm",
        **more)
    # Seconds of work each, so that starting up, a row of its own, is next to nothing of them.
    yield work("start", "starting and ending", ["JvmLoads", "zip", "1"])
    yield work("zip", "Inflater and Deflater, create and end", ["JvmLoads", "zip", str(2500000 // count)])
    yield work("direct", "direct buffers", ["JvmLoads", "direct", str(2500000 // count)])
    for depth in "10", "50":
        yield work("unsafe%s" % depth, "malloc and free from Java, %s Java frames" % depth,
                   ["JvmLoads", "unsafe" + depth, str(20000000 // count)],
                   OURS + ["async-512k"] * (not quick), events=20000000 // count)
    if quick:
        return
    jar, missing = lucene_jar()
    if jar:
        compile_java(home, version, [sources + "LuceneIndexing.java"], jar)
        java[-1] += ":" + jar
        yield work("lucene", "Lucene indexing", ["LuceneIndexing", "20000"])
    else:
        print("absent: Lucene: " + missing)
    if int(version) >= 22:
        compile_java(home, version, [sources + "jdk25/JvmLoads25.java"])
        java[1:1] = ["--enable-native-access=ALL-UNNAMED"]
        few = ["none", "leakring", "leakring-default", "async-512k"]
        yield work("yield", "virtual threads, 12 M yields", ["JvmLoads25", "yield", "12000000"], few)
        yield work("foreign", "malloc and free from Java (FFM)", ["JvmLoads25", "foreign", "40000000"],
                   few, events=40000000)


def works(quick):
    for version, home in sorted(jdks().items()):
        yield from loads(home, version, quick)
        if quick:
            return
