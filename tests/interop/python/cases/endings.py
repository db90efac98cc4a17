"""Deadlines and cancellation, on both sides."""
import time

import rpc
from calls import CANCELLED, FINISHED, PORT, TIMEOUT_S, Requests, echo, name_call, open_channel, seen
from check import case, equal, fails, in_range
from rpc import grpc, interop


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
def deadline_serverStream_exceededWhileNothingIsRead():
    name = name_call()
    call = echo.ServerStream(interop.EchoRequest(count=1_000_000, response_bytes=10_000, call=name), timeout=0.7)
    # The server stands before a full window when the deadline passes.
    equal(seen(name), CANCELLED, "the server's view")
    # It can only reset the stream then. Should that come before our own timer, C-core names the reset.
    fails(lambda: list(call), grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


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
