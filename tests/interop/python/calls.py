"""The server that is called, and calls of it."""
import os
import queue
import sys

import rpc
from rpc import grpc, interop

TIMEOUT_S = 10
MIB = 1024 * 1024
FINISHED, CANCELLED = interop.SeenResponse.END_FINISHED, interop.SeenResponse.END_CANCELLED

PORT, GZIP_PORT = int(sys.argv[1]), int(sys.argv[2])


def open_channel(port, **options):
    return grpc.insecure_channel(f"127.0.0.1:{port}", **options)


channel = open_channel(PORT)
echo = rpc.stub(channel, rpc.INTEROP)


def seen(name):
    """How a call ended for the server."""
    return echo.Seen(interop.SeenRequest(call=name, wait_ms=5000), timeout=TIMEOUT_S).end


def name_call():
    return f"python-{os.urandom(6).hex()}"


class Requests:
    """Requests sent one at a time."""

    def __init__(self):
        self.queue = queue.Queue()

    def send(self, **fields):
        self.queue.put(interop.EchoRequest(**fields))

    def end(self):
        self.queue.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        request = self.queue.get()
        if request is None:
            raise StopIteration
        return request
