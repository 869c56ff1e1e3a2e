"""work_native.py -- C programs that do nothing but malloc and free: what tracing costs at its
dearest."""
from tools import BUILD
from work import Work

PEERS = ["none", "leakring", "leakring-default", "leakring-512k", "heaptrack", "lsan", "async-0",
         "async-512k", "jemalloc", "jemalloc-17", "jemalloc-19", "tcmalloc", "tcmalloc-512k"]
WITHOUT_LSAN = [name for name in PEERS if name != "lsan"]
FEW = ["none", "leakring", "leakring-default", "leakring-512k", "heaptrack", "async-512k"]


class Once(Work):
    """A long run whose time isn't what matters."""

    def measure(self, tools, rounds, scratch, say, first=0):
        return super().measure(tools, 1, scratch, say, 1)


def churn(key, title, pairs, threads=1, live=10000, cross="", program="churn", tools=PEERS, keys="",
          work=Work):
    argv = [BUILD + "/test/bench/" + program, str(pairs), str(threads), str(live), cross]
    return work(key, title, [word for word in argv if word], tools, events=pairs * threads, keys=keys)


def sizes(quick):
    """How large a trace gets: a million events, and a hundred million."""
    if quick:
        return []
    return [churn("events-6", "a million events", 500000, tools=["none", "leakring", "heaptrack", "async-0"],
                  work=Once),
            churn("events-8", "a hundred million events", 50000000, tools=["none", "leakring"],
                  work=Once)]


def works(quick):
    scale = 20 if quick else 1
    return sizes(quick) + [
        churn("churn", "C churn, 1 thread, no frame pointers", 2000000 // scale),
        churn("churn-fp", "C churn, 1 thread, frame pointers", 2000000 // scale,
              program="churn-fp", tools=WITHOUT_LSAN),
        churn("churn-2", "C churn, 2 threads, cross-thread frees", 1000000 // scale, 2,
              cross="cross", tools=WITHOUT_LSAN),
        churn("churn-8", "C churn, 8 threads, cross-thread frees", 300000 // scale, 8,
              cross="cross", tools=WITHOUT_LSAN),
        churn("churn-8-small", "the same, 10,000 live in all", 300000 // scale, 8, live=1250,
              cross="cross", tools=FEW),
        # 64 MiB have room for 730,000
        churn("live1m", "1 M live blocks, size=128M", 3000000 // scale, live=1000000 // scale, tools=FEW,
              keys="size=128M"),
    ]
