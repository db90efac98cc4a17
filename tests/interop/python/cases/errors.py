"""Statuses, messages and details of errors."""
from calls import MIB, TIMEOUT_S, Requests, channel, echo
from check import case, equal, equal_details, fails
from rpc import grpc, interop


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
def error_clientStream_whileMuchIsSent():
    def requests():
        yield interop.EchoRequest(failure=failure(11, "enough", "ENOUGH"))
        for _ in range(64):
            yield interop.EchoRequest(payload=bytes(MIB))

    error = fails(lambda: echo.ClientStream(requests(), timeout=30), grpc.StatusCode.OUT_OF_RANGE)
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
