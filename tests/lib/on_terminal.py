"""on_terminal.py -- runs a command on a terminal of its own, and exits as it did.

    python3 -B on_terminal.py ROWS COLUMNS COMMAND ARGUMENT... >what-the-terminal-got

Its standard input, output and error are the terminal; nobody types.  What comes is passed on at once.
"""
import fcntl
import os
import pty
import signal
import struct
import sys
import termios


def main():
    rows, columns = int(sys.argv[1]), int(sys.argv[2])
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and would hand that on
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        os.execvp(sys.argv[3], sys.argv[3:])
    while True:
        try:
            got = os.read(terminal, 65536)
        except OSError:  # the last that had it open has ended
            break
        if not got:
            break
        os.write(1, got)
    status = os.waitpid(pid, 0)[1]
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


if __name__ == '__main__':
    main()
