"""The limit of 4 MiB a message, and much data in many messages."""
import rpc
from calls import MIB, PORT, TIMEOUT_S, echo, open_channel
from check import case, equal, fails
from rpc import grpc, interop

# A payload of n bytes with a length of four bytes, and response_bytes: n + 7.
LIMIT = 4 * MIB


@case
def size_requestAtLimit():
    request = interop.EchoRequest(payload=b"x" * (LIMIT - 7), response_bytes=1)
    equal(request.ByteSize(), LIMIT)
    equal(accepted(request), LIMIT - 7)


def accepted(request):
    return echo.ClientStream(iter([request]), timeout=TIMEOUT_S).request_bytes


@case
def size_requestOverLimit():
    request = interop.EchoRequest(payload=b"x" * (LIMIT - 6), response_bytes=1)
    equal(request.ByteSize(), LIMIT + 1)
    fails(lambda: accepted(request), grpc.StatusCode.RESOURCE_EXHAUSTED)


@case
def size_responseUnderLimit():
    equal(len(echo.Unary(interop.EchoRequest(response_bytes=LIMIT - 100), timeout=TIMEOUT_S).payload), LIMIT - 100)


@case
def size_responseOverLimit():
    request = interop.EchoRequest(response_bytes=LIMIT)
    fails(lambda: echo.Unary(request, timeout=TIMEOUT_S), grpc.StatusCode.RESOURCE_EXHAUSTED)


@case
def size_gzipRequestOverLimitUncompressed():
    # 40 KB on the wire: the limit is on what comes out.
    bomb = interop.EchoRequest(payload=b"x" * (10 * LIMIT))
    with open_channel(PORT, compression=grpc.Compression.Gzip, options=[("grpc.max_send_message_length", -1)]) as gzip:
        stub = rpc.stub(gzip, rpc.INTEROP)
        fails(lambda: stub.ClientStream(iter([bomb]), timeout=TIMEOUT_S), grpc.StatusCode.RESOURCE_EXHAUSTED)


@case
def size_64MiBInAStream():
    total = 0
    for response in echo.ServerStream(interop.EchoRequest(response_bytes=MIB, count=64), timeout=30):
        total += len(response.payload)
    equal(total, 64 * MIB)


@case
def size_32MiBOfRequests():
    requests = (interop.EchoRequest(payload=bytes(MIB)) for _ in range(32))
    call = echo.Duplex((interop.EchoRequest(payload=r.payload, response_bytes=1) for r in requests), timeout=30)
    equal([r.request_bytes for r in call][-1], 32 * MIB)
