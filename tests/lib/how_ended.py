"""how_ended.py -- runs a command and tells how it ended.

    python3 how_ended.py OUT COMMAND…      into OUT: `signal 6`, `signal 6, core` or `exit 3`
"""
import os
import sys

out, command = sys.argv[1], sys.argv[2:]
pid = os.fork()
if pid == 0:
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(error, file=sys.stderr)
        os._exit(126)
_, status = os.waitpid(pid, 0)
with open(out, "w") as file:
    if os.WIFSIGNALED(status):
        core = ", core" if os.WCOREDUMP(status) else ""
        print(f"signal {os.WTERMSIG(status)}{core}", file=file)
    else:
        print(f"exit {os.WEXITSTATUS(status)}", file=file)
