"""work_programs.py -- programs that people run: Python, a C++ compiler, redis."""
import os
import shlex
import shutil
import socket
import subprocess
import time

import runner
import tools as toolbox
from work import Work

PEERS = ["none", "leakring", "leakring-default", "heaptrack", "async-512k", "jemalloc", "jemalloc-19",
         "tcmalloc-512k"]

PYTHON = """
import json, re
text = json.dumps([{"id": i, "name": "n%d" % i, "tags": ["a", "b", str(i)]} for i in range(COUNT)])
data = json.loads(text)
words = sorted({w for row in data for w in re.findall("[a-z0-9]+", row["name"] + " " + row["tags"][2])})
print(len(text), len(words), sum(len(w) for w in words))
"""

CPLUSPLUS = """
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>
std::map<std::string, std::vector<int>> f(const std::string &text) {
    std::map<std::string, std::vector<int>> found;
    std::regex word("[a-z]+");
    for (std::sregex_iterator i(text.begin(), text.end(), word), end; i != end; ++i)
        found[i->str()].push_back(int(i->position()));
    return found;
}
"""


class Redis(Work):
    """The server is what is measured; redis-benchmark talks to it over loopback."""

    requests = 200000

    def run_once(self, tool, where):
        port = str(free_port())
        argv, env = tool.command(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
                                  "--logfile", "/dev/null", "--dir", where], where, self.kind)
        began = time.monotonic()
        server = runner.start(argv, runner.environment({**self.env, **env}), where)
        try:
            wait_for_server(server, port)
            talk(["redis-benchmark", "-p", port, "-t", "set,get,lpush,lpop,sadd,hset", "-r", "10000",
                  "-P", "16", "-q", "-n", str(self.requests)])
            keys = talk(["redis-cli", "-p", port, "dbsize"]).strip() != "0"
        finally:
            subprocess.run(["redis-cli", "-p", port, "shutdown", "nosave"], capture_output=True,
                           env=runner.environment({}))
        sample = runner.finish(server, began, where, 120)
        sample.output += "" if keys else "redis has lost its keys"
        return sample


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def talk(argv):
    done = subprocess.run(argv, capture_output=True, text=True, env=runner.environment({}), timeout=600)
    if done.returncode:
        raise runner.Failed("%s: %s" % (argv, done.stderr[:300]))
    return done.stdout


def wait_for_server(server, port):
    for _ in range(600):
        if subprocess.run(["redis-cli", "-p", port, "ping"], capture_output=True,
                          env=runner.environment({})).returncode == 0:
            return
        time.sleep(0.05)
    raise runner.Failed("redis-server doesn't answer")


def compiler(where):
    """The compiler proper, as g++ would call it."""
    source = where + "/words.cc"
    with open(source, "w") as out:
        out.write(CPLUSPLUS)
    told = subprocess.run(["g++", "-###", "-O1", "-S", source, "-o", "/dev/null"],
                          capture_output=True, text=True).stderr
    line = next((line for line in told.splitlines() if "cc1plus" in line.split()[0]), None)
    return line and shlex.split(line)


def works(quick):
    if quick:
        return
    yield Work("python", "python3, PYTHONMALLOC=malloc", ["/usr/bin/python3", "-I", "-c",
               PYTHON.replace("COUNT", "60000")], PEERS, kind="program", env={"PYTHONMALLOC": "malloc"})
    os.makedirs(toolbox.BUILD + "/test/bench", exist_ok=True)
    command = compiler(toolbox.BUILD + "/test/bench") if shutil.which("g++") else None
    if command:
        yield Work("compile", "a C++ compile (cc1plus)", command, PEERS, kind="program")
    else:
        print("absent: C++ compile: apt-get install g++")
    if shutil.which("redis-server"):
        yield Redis("redis", "redis-server under redis-benchmark", [], PEERS, kind="program")
    else:
        print("absent: redis: apt-get install redis-server redis-tools")
