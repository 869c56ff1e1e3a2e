"""load.py OUT BASE ROUNDS PATH… -- asks a server on loopback for every path, ROUNDS times, on four
connections at once.  OUT gets one line an answer, sorted: code, path, content coding, length and
sum of the unpacked body (headers that tell the time are left out)."""
import gzip
import hashlib
import http.client
import sys
import threading
import time
import urllib.parse
import zlib

out, base, rounds, paths = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
host = urllib.parse.urlsplit(base).netloc
assert host.startswith("127.0.0.1:")
lines, lock = [], threading.Lock()


def unpack(body, coding):
    if coding == "gzip":
        return gzip.decompress(body)
    if coding == "deflate":
        return zlib.decompress(body)
    return body


def work(mine):
    connection = http.client.HTTPConnection(host, timeout=300)
    for path in mine:
        method, _, target = path.rpartition(" ")
        payload = None
        if method.startswith("POST:"):
            payload = ("x" * 997 * int(method[5:])).encode()
        connection.request("POST" if payload else "GET", target, payload,
                           {"Accept-Encoding": "gzip, deflate"})
        answer = connection.getresponse()
        body = answer.read()
        coding = answer.getheader("Content-Encoding") or "plain"
        plain = unpack(body, coding)
        with lock:
            lines.append("%d %s %s %d %s" % (answer.status, path, coding, len(plain),
                                             hashlib.sha256(plain).hexdigest()))
    connection.close()


start = time.monotonic()
all_paths = paths * rounds
threads = [threading.Thread(target=work, args=(all_paths[i::4],)) for i in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
with open(out, "w") as file:
    file.write("\n".join(sorted(lines)) + "\n")
print("%.1f s" % (time.monotonic() - start))
