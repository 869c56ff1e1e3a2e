"""service.py -- a web service whose answers come from native modules; the same bytes each time.

As a program: threads, on 127.0.0.1:PORT, until SIGTERM.  Else a WSGI application."""
import hashlib
import os
import signal
import socketserver
import sys
import threading
import wsgiref.simple_server
import zlib

sys.dont_write_bytecode = True
import lxml.etree
import numpy
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def image():
    return numpy.arange(90000, dtype=numpy.uint8).reshape(300, 300).T.tobytes()


def pack():
    packer = zlib.compressobj(6)
    return packer.compress(b"some text " * 20000) + packer.flush()


def xml():
    root = lxml.etree.Element("root")
    for i in range(500):
        lxml.etree.SubElement(root, "item", number=str(i)).text = "text %d" % i
    tree = lxml.etree.fromstring(lxml.etree.tostring(root))
    style = lxml.etree.XSLT(lxml.etree.XML(
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        '<xsl:template match="/"><out n="{count(//item)}"/></xsl:template></xsl:stylesheet>'))
    return lxml.etree.tostring(style(tree)) + str(tree.xpath("sum(//item/@number)")).encode()


def total():
    matrix = numpy.arange(10000, dtype=numpy.float64).reshape(100, 100)
    return repr(float((matrix @ matrix.T).sum())).encode()


def crypt():
    return AESGCM(b"k" * 16).encrypt(b"n" * 12, b"text " * 5000, b"more")


PAGES = {"/": lambda: b"here", "/image": image, "/pack": pack, "/xml": xml, "/sum": total, "/crypt": crypt}


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/post":
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = hashlib.sha256(environ["wsgi.input"].read(size)).hexdigest().encode()
    elif path in PAGES:
        body = PAGES[path]()
    else:
        start_response("404 Not Found", [("Content-Length", "0")])
        return []
    start_response("200 OK", [("Content-Length", str(len(body))), ("Content-Type", "application/octet-stream")])
    return [body]


class Handler(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    server = wsgiref.simple_server.make_server("127.0.0.1", int(os.environ["PORT"]), application, Server, Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    print("ended")
