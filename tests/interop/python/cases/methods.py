"""The four kinds of methods."""
from calls import TIMEOUT_S, Requests, echo
from check import EVERY_BYTE, case, equal
from rpc import grpc, interop


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
