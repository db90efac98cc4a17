"""gzip in both directions, seen by the bytes on the wire."""
import rpc
from calls import GZIP_PORT, MIB, PORT, TIMEOUT_S, open_channel
from check import case, equal, in_range
from counting_proxy import CountingProxy
from rpc import grpc, interop


def counted(port, call, **options):
    """Runs call(stub) through a proxy; returns its result and the bytes sent and received."""
    proxy = CountingProxy(port)
    try:
        with open_channel(proxy.port, **options) as proxied:
            result = call(rpc.stub(proxied, rpc.INTEROP))
            return result, proxy.sent, proxy.received
    finally:
        proxy.close()


@case
def gzip_request():
    payload = b"x" * MIB
    request = interop.EchoRequest(payload=payload)
    response, sent, received = counted(PORT, lambda stub: stub.Unary(request, timeout=TIMEOUT_S), compression=grpc.Compression.Gzip)
    equal(response.payload, payload)
    in_range(sent, 1000, 50_000, "bytes sent")
    in_range(received, MIB, MIB * 1.1, "bytes received from a server that answers uncompressed")


@case
def gzip_response():
    request = interop.EchoRequest(response_bytes=MIB)
    response, _, received = counted(GZIP_PORT, lambda stub: stub.Unary(request, timeout=TIMEOUT_S))
    equal(response.payload, b"x" * MIB)
    in_range(received, 1000, 50_000, "bytes received")


@case
def gzip_response_notAccepted_identity():
    identity_only = [("grpc.compression_enabled_algorithms_bitset", 1)]
    request = interop.EchoRequest(response_bytes=MIB)
    response, _, received = counted(GZIP_PORT, lambda stub: stub.Unary(request, timeout=TIMEOUT_S), options=identity_only)
    equal(response.payload, b"x" * MIB)
    in_range(received, MIB, MIB * 1.1, "bytes received")


@case
def gzip_duplex_bothWays():
    requests = [interop.EchoRequest(payload=b"%d" % i * 10_000) for i in range(10, 60)]
    call = lambda stub: list(stub.Duplex(iter(requests), timeout=TIMEOUT_S))
    responses, sent, received = counted(GZIP_PORT, call, compression=grpc.Compression.Gzip)
    equal([r.payload for r in responses], [r.payload for r in requests])
    in_range(sent, 1000, 60_000, "bytes sent")
    in_range(received, 1000, 60_000, "bytes received")
