"""Headers there and back, and trailers."""
from calls import TIMEOUT_S, echo
from check import EVERY_BYTE, case, equal, equal_metadata, fails
from rpc import grpc, interop

ECHOED = [("echo-text", "a b;c,d"), ("echo-many", "1"), ("echo-many", "2"), ("echo-empty", ""), ("echo-bytes-bin", EVERY_BYTE),
          ("echo-one-bin", b"\x00"), ("echo-many-bin", b"\xff\xfe"), ("echo-many-bin", b"\x02")]
TRAILED = [("trail-text", "t"), ("trail-many", "1"), ("trail-many", "2"), ("trail-bytes-bin", EVERY_BYTE),
           ("trail-many-bin", b"\x01"), ("trail-many-bin", b"\x02\x03")]


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
