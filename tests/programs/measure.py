"""measure.py BASE COMMAND… -- runs it; BASE.status gets its status, BASE.cost what it took."""
import os
import sys
import time

base, command = sys.argv[1], sys.argv[2:]
start = time.monotonic()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
with open(base + ".status", "w") as file:
    print("status", os.waitstatus_to_exitcode(status), file=file)
with open(base + ".cost", "w") as file:
    print("%.1f s, %.1f s of processor time, %d MiB at most resident"
          % (time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024),
          file=file)
