"""client.py PORT GZIP_PORT [--without CASE] [CASE...]: C-core goes through everything that an interop server promises. A line for each case."""
import os
import queue
import sys
import threading
import time
import traceback

import rpc
from counting_proxy import CountingProxy
from rpc import error_details, grpc, health, interop, rpc_status
from google.protobuf import descriptor_pb2

TIMEOUT_S = 10
CASE_TIMEOUT_S = 40
MIB = 1024 * 1024
FINISHED, CANCELLED = interop.SeenResponse.END_FINISHED, interop.SeenResponse.END_CANCELLED
SERVING, NOT_SERVING = health.HealthCheckResponse.SERVING, health.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health.HealthCheckResponse.SERVICE_UNKNOWN
EVERY_BYTE = bytes(range(256))

PORT, GZIP_PORT = int(sys.argv[1]), int(sys.argv[2])
CASES = []


def open_channel(port, **options):
    return grpc.insecure_channel(f"127.0.0.1:{port}", **options)


channel = open_channel(PORT)
echo = rpc.stub(channel, rpc.INTEROP)
health_service = rpc.stub(channel, rpc.HEALTH)


def case(function):
    CASES.append(function)
    return function


def equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what}: got {short(actual)}, wanted {short(expected)}")


def short(value):
    text = repr(value)
    return text if len(text) < 200 else text[:200] + "…"


def fails(call, code):
    """Runs the call, which must end with this status; returns the error."""
    try:
        result = call()
    except grpc.RpcError as error:
        equal(error.code(), code, f"status ({error.details()})")
        return error
    raise AssertionError(f"no error but {short(result)}, wanted {code}")


def seen(name):
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


# Methods


@case
def unary_echoes():
    response = echo.Unary(interop.EchoRequest(payload=EVERY_BYTE), timeout=TIMEOUT_S)
    equal(response.payload, EVERY_BYTE)
    equal(response.requests, 1)


@case
def unary_emptyMessages():
    equal(echo.Seen(interop.SeenRequest(), timeout=TIMEOUT_S), interop.SeenResponse())


@case
def serverStream_inOrder():
    responses = list(echo.ServerStream(interop.EchoRequest(payload=b"a", count=500), timeout=TIMEOUT_S))
    equal([r.index for r in responses], list(range(500)))


@case
def serverStream_none():
    equal(list(echo.ServerStream(interop.EchoRequest(), timeout=TIMEOUT_S)), [])


@case
def clientStream_countsAll():
    response = echo.ClientStream((interop.EchoRequest(payload=bytes(i)) for i in range(200)), timeout=TIMEOUT_S)
    equal(response.requests, 200)
    equal(response.request_bytes, sum(range(200)))


@case
def clientStream_none():
    equal(echo.ClientStream(iter(()), timeout=TIMEOUT_S).requests, 0)


@case
def duplex_pingPong_1000():
    requests = Requests()
    responses = echo.Duplex(requests, timeout=30)
    for i in range(1000):
        requests.send(payload=b"%d" % i)
        response = next(responses)
        equal((response.payload, response.index), (b"%d" % i, i))
    requests.end()
    equal(list(responses), [])
    equal(responses.code(), grpc.StatusCode.OK)


@case
def duplex_allAtOnce():
    responses = list(echo.Duplex((interop.EchoRequest(payload=b"%d" % i) for i in range(1000)), timeout=30))
    equal([r.payload for r in responses], [b"%d" % i for i in range(1000)])


@case
def duplex_headersBeforeFirstMessage():
    requests = Requests()
    call = echo.Duplex(requests, timeout=TIMEOUT_S, metadata=[("echo-early", "yes")])
    equal(dict(call.initial_metadata()).get("echo-early"), "yes")
    requests.end()
    equal(list(call), [])


@case
def unary_300AtOnce_oneConnection():
    calls = [echo.Unary.future(interop.EchoRequest(payload=b"%d" % i, delay_ms=20), timeout=30) for i in range(300)]
    equal([call.result().payload for call in calls], [b"%d" % i for i in range(300)])


@case
def duplex_150OpenTogether():
    opened = []
    for i in range(150):
        requests = Requests()
        opened.append((requests, echo.Duplex(requests, timeout=30)))
        requests.send(payload=b"%d" % i)
    # Every one is answered while all are open.
    for i, (requests, responses) in enumerate(opened):
        equal(next(responses).payload, b"%d" % i)
    for requests, responses in opened:
        requests.end()
        equal(list(responses), [])


# Metadata

ECHOED = [("echo-text", "a b;c,d"), ("echo-many", "1"), ("echo-many", "2"), ("echo-empty", ""), ("echo-bytes-bin", EVERY_BYTE),
          ("echo-one-bin", b"\x00"), ("echo-many-bin", b"\xff\xfe"), ("echo-many-bin", b"\x02")]
TRAILED = [("trail-text", "t"), ("trail-many", "1"), ("trail-many", "2"), ("trail-bytes-bin", EVERY_BYTE),
           ("trail-many-bin", b"\x01"), ("trail-many-bin", b"\x02\x03")]


def equal_metadata(actual, wanted, what):
    """Of the keys that are wanted every value, in its order."""
    for key in {key for key, _ in wanted}:
        equal(values(actual, key), values(wanted, key), f"{what} {key}")


def values(metadata, key):
    found = [value for k, value in metadata if k == key]
    # The protocol lets anyone on the way join several texts of a key with commas. Bytes stay apart.
    return found if key.endswith("-bin") else ",".join(found)


@case
def metadata_unary_bothWays():
    _, call = echo.Unary.with_call(interop.EchoRequest(), timeout=TIMEOUT_S, metadata=ECHOED + TRAILED)
    equal_metadata(call.initial_metadata(), ECHOED, "headers")
    equal_metadata(call.trailing_metadata(), TRAILED, "trailers")


@case
def metadata_duplex_bothWays():
    call = echo.Duplex(iter([interop.EchoRequest()]), timeout=TIMEOUT_S, metadata=ECHOED + TRAILED)
    equal(len(list(call)), 1)
    equal_metadata(call.initial_metadata(), ECHOED, "headers")
    equal_metadata(call.trailing_metadata(), TRAILED, "trailers")


@case
def metadata_withError_trailersArrive():
    request = interop.EchoRequest(failure=interop.Failure(code=9, message="no", reason="R"))
    error = fails(lambda: echo.Unary(request, timeout=TIMEOUT_S, metadata=TRAILED), grpc.StatusCode.FAILED_PRECONDITION)
    equal_metadata(error.trailing_metadata(), TRAILED, "trailers")


@case
def metadata_6KiB():
    big = [("echo-big", "v" * 6000)]
    _, call = echo.Unary.with_call(interop.EchoRequest(), timeout=TIMEOUT_S, metadata=big)
    equal_metadata(call.initial_metadata(), big, "headers")


# Deadlines


@case
def deadline_unary_exceeded():
    name, started = name_call(), time.monotonic()
    fails(lambda: echo.Unary(interop.EchoRequest(delay_ms=8000, call=name), timeout=0.3), grpc.StatusCode.DEADLINE_EXCEEDED)
    if time.monotonic() - started > 2:
        raise AssertionError(f"after {time.monotonic() - started:.1f} s")
    equal(seen(name), CANCELLED, "the server's view")


@case
def deadline_serverStream_exceeded():
    name = name_call()
    request = interop.EchoRequest(delay_ms=8000, count=1, call=name)
    fails(lambda: list(echo.ServerStream(request, timeout=0.3)), grpc.StatusCode.DEADLINE_EXCEEDED)
    equal(seen(name), CANCELLED, "the server's view")


@case
def deadline_duplex_exceededWhileIdle():
    requests, name = Requests(), name_call()
    requests.send(call=name)
    fails(lambda: list(echo.Duplex(requests, timeout=0.5)), grpc.StatusCode.DEADLINE_EXCEEDED)
    requests.end()
    equal(seen(name), CANCELLED, "the server's view")


@case
def deadline_serverKnowsIt():
    left = echo.Unary(interop.EchoRequest(), timeout=7).deadline_left_ms
    # C-core rounds up when it sends.
    in_range(left, 5000, 7100, "milliseconds left of 7000")


@case
def deadline_none_serverKnowsIt():
    equal(echo.Unary(interop.EchoRequest()).deadline_left_ms, 0)


# Cancellation


@case
def cancel_unary_serverSeesIt():
    name = name_call()
    call = echo.Unary.future(interop.EchoRequest(delay_ms=8000, call=name), timeout=TIMEOUT_S)
    time.sleep(0.3)
    call.cancel()
    equal(call.code(), grpc.StatusCode.CANCELLED)
    equal(seen(name), CANCELLED, "the server's view")


@case
def cancel_serverStream_serverSeesIt():
    name = name_call()
    call = echo.ServerStream(interop.EchoRequest(count=10_000_000, response_bytes=1000, call=name), timeout=TIMEOUT_S)
    equal(next(call).index, 0)
    call.cancel()
    fails(lambda: list(call), grpc.StatusCode.CANCELLED)
    equal(seen(name), CANCELLED, "the server's view")


@case
def cancel_duplex_serverSeesIt():
    requests, name = Requests(), name_call()
    call = echo.Duplex(requests, timeout=TIMEOUT_S)
    requests.send(call=name)
    next(call)
    call.cancel()
    requests.end()
    equal(seen(name), CANCELLED, "the server's view")


@case
def cancel_connectionClosed_serverSeesIt():
    requests, name = Requests(), name_call()
    other = open_channel(PORT, options=[("grpc.use_local_subchannel_pool", 1)])
    call = rpc.stub(other, rpc.INTEROP).Duplex(requests, timeout=TIMEOUT_S)
    requests.send(call=name)
    next(call)
    other.close()
    requests.end()
    equal(seen(name), CANCELLED, "the server's view")


@case
def finished_serverSeesIt():
    name = name_call()
    equal(len(list(echo.Duplex(iter([interop.EchoRequest(call=name)]), timeout=TIMEOUT_S))), 1)
    equal(seen(name), FINISHED, "the server's view")


# Errors


def failure(code=5, message="not here", reason=""):
    return interop.Failure(code=code, message=message, reason=reason)


@case
def error_everyCode():
    for code in grpc.StatusCode:
        if code is grpc.StatusCode.OK:
            continue
        request = interop.EchoRequest(failure=failure(code.value[0], f"code {code.value[0]}"))
        error = fails(lambda: echo.Unary(request, timeout=TIMEOUT_S), code)
        equal(error.details(), f"code {code.value[0]}")


def equal_details(error, code, message, reason):
    encoded = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    equal(len(encoded), 1, "grpc-status-details-bin entries")
    status = rpc_status.Status.FromString(encoded[0])
    equal((status.code, status.message), (code, message))
    info = error_details.ErrorInfo()
    if not status.details[0].Unpack(info):
        raise AssertionError(f"not an ErrorInfo: {status.details[0].type_url}")
    equal((info.reason, info.domain, dict(info.metadata)), (reason, "interop", {"limit": "7"}))


@case
def error_unary_details():
    request = interop.EchoRequest(failure=failure(8, "too many", "TOO_MANY"))
    error = fails(lambda: echo.Unary(request, timeout=TIMEOUT_S), grpc.StatusCode.RESOURCE_EXHAUSTED)
    equal_details(error, 8, "too many", "TOO_MANY")


@case
def error_serverStream_afterThree_details():
    call = echo.ServerStream(interop.EchoRequest(count=3, failure=failure(10, "broke off", "BROKE_OFF")), timeout=TIMEOUT_S)
    got = [next(call).index for _ in range(3)]
    equal(got, [0, 1, 2])
    error = fails(lambda: next(call), grpc.StatusCode.ABORTED)
    equal_details(error, 10, "broke off", "BROKE_OFF")


@case
def error_duplex_afterOne_details():
    requests = Requests()
    call = echo.Duplex(requests, timeout=TIMEOUT_S)
    requests.send()
    next(call)
    requests.send(failure=failure(3, "bad", "BAD"))
    error = fails(lambda: next(call), grpc.StatusCode.INVALID_ARGUMENT)
    requests.end()
    equal_details(error, 3, "bad", "BAD")


@case
def error_clientStream_beforeItsEnd():
    requests = Requests()
    requests.send(payload=b"a")
    requests.send(failure=failure(11, "enough", "ENOUGH"))
    # The client has not ended its stream: the server need not wait for that.
    call = echo.ClientStream.future(requests, timeout=TIMEOUT_S)
    error = fails(call.result, grpc.StatusCode.OUT_OF_RANGE)
    requests.end()
    equal_details(error, 11, "enough", "ENOUGH")


@case
def error_message_anyText():
    for text in ("Größe 100 % — 日本語 🙂", "line\nline\ttab\rreturn", "%41 %zz %", '"quoted" \\ back', "x" * 2000, ""):
        request = interop.EchoRequest(failure=failure(message=text, reason="TEXT"))
        error = fails(lambda: echo.Unary(request, timeout=TIMEOUT_S), grpc.StatusCode.NOT_FOUND)
        equal(error.details(), text)
        equal_details(error, 5, text, "TEXT")


@case
def unimplemented_method():
    fails(lambda: echo.Missing(interop.EchoRequest(), timeout=TIMEOUT_S), grpc.StatusCode.UNIMPLEMENTED)


@case
def unimplemented_service():
    call = channel.stream_stream("/no.such.Service/Method")
    fails(lambda: list(call(iter([b""]), timeout=TIMEOUT_S)), grpc.StatusCode.UNIMPLEMENTED)


# Compression


def counted(port, call, **options):
    """Runs call(stub) through a proxy; returns its result and the bytes sent and received."""
    proxy = CountingProxy(port)
    try:
        with open_channel(proxy.port, **options) as proxied:
            result = call(rpc.stub(proxied, rpc.INTEROP))
            return result, proxy.sent, proxy.received
    finally:
        proxy.close()


def in_range(value, low, high, what):
    if not low <= value <= high:
        raise AssertionError(f"{what}: {value} is not in {low}..{high}")


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


# Sizes

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


# Health


def check(service):
    return health_service.Check(health.HealthCheckRequest(service=service), timeout=TIMEOUT_S).status


def set_health(service, status):
    echo.SetHealth(interop.SetHealthRequest(service=service, status=status), timeout=TIMEOUT_S)


@case
def health_check():
    equal(check(""), SERVING, "the server")
    equal(check(rpc.INTEROP), SERVING, "the service")


@case
def health_check_unknown():
    fails(lambda: check("no.such.Service"), grpc.StatusCode.NOT_FOUND)


@case
def health_list():
    statuses = health_service.List(health.HealthListRequest(), timeout=TIMEOUT_S).statuses
    equal((statuses[""].status, statuses[rpc.INTEROP].status), (SERVING, SERVING))


@case
def health_watch_changes():
    name = name_call()
    watch = health_service.Watch(health.HealthCheckRequest(service=name), timeout=TIMEOUT_S)
    equal(next(watch).status, SERVICE_UNKNOWN)
    for status in (SERVING, NOT_SERVING, SERVING):
        set_health(name, status)
        equal(next(watch).status, status)
    equal(check(name), SERVING)
    watch.cancel()
    fails(lambda: next(watch), grpc.StatusCode.CANCELLED)


# Reflection


def reflect(service, messages, **question):
    call = rpc.stub(channel, service).ServerReflectionInfo
    return next(call(iter([messages.ServerReflectionRequest(host="h", **question)]), timeout=TIMEOUT_S))


def files(response):
    return [descriptor_pb2.FileDescriptorProto.FromString(f) for f in response.file_descriptor_response.file_descriptor_proto]


def reflection(service, messages):
    names = [s.name for s in reflect(service, messages, list_services="*").list_services_response.service]
    for wanted in (rpc.INTEROP, rpc.HEALTH, rpc.REFLECTION_V1, rpc.REFLECTION_V1ALPHA):
        if wanted not in names:
            raise AssertionError(f"{wanted} is not in {names}")

    response = reflect(service, messages, file_containing_symbol=rpc.INTEROP)
    equal(response.valid_host, "h")
    equal(response.original_request.file_containing_symbol, rpc.INTEROP)
    file = files(response)[0]
    equal(file.package, "retentionscore.interop.v1")
    methods = {m.name: (m.client_streaming, m.server_streaming) for m in file.service[0].method}
    equal(methods["Duplex"], (True, True))
    equal(methods["ServerStream"], (False, True))

    equal([f.name for f in files(reflect(service, messages, file_by_filename=file.name))][0], file.name)
    for symbol in ("grpc.health.v1.Health.Watch", "grpc.health.v1.HealthCheckResponse.ServingStatus"):
        equal(files(reflect(service, messages, file_containing_symbol=symbol))[0].package, "grpc.health.v1")
    for question in ({"file_containing_symbol": "no.such.Symbol"}, {"file_by_filename": "none.proto"}):
        equal(reflect(service, messages, **question).error_response.error_code, grpc.StatusCode.NOT_FOUND.value[0], str(question))


@case
def reflection_v1():
    reflection(rpc.REFLECTION_V1, rpc.reflection_v1)


@case
def reflection_v1alpha():
    reflection(rpc.REFLECTION_V1ALPHA, rpc.reflection_v1alpha)


def run(function):
    outcome = ["out of time"]

    def body():
        try:
            function()
            outcome[0] = None
        except Exception as error:
            outcome[0] = f"{type(error).__name__}: {error}".replace("\n", " | ")
            if not isinstance(error, AssertionError):
                traceback.print_exc()

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(CASE_TIMEOUT_S)
    return outcome[0]


def main():
    wanted, unwanted = sys.argv[3:], None
    if wanted and wanted[0] == "--without":
        unwanted, wanted = wanted[1], wanted[2:]
    failed = 0
    for function in CASES:
        if (wanted and function.__name__ not in wanted) or function.__name__ == unwanted:
            continue
        why = run(function)
        print(f"ok {PREFIX}{function.__name__}" if why is None else f"FAIL {PREFIX}{function.__name__}: {why}", flush=True)
        failed += why is not None
    # A case that hangs leaves threads behind that would keep the process.
    os._exit(1 if failed else 0)


PREFIX = os.environ.get("INTEROP_PREFIX", "")
main()
