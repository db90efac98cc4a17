"""trunk.py SERVER_DLL: C-core carries many calls over one ScoreCalls of the scoring server.

Starts the server on a free port. Prints a line for each case.
"""
import os
import queue
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.environ["INTEROP_PYTHON"])

import grpc
from retentionscore.v1 import call_pb2 as call
from retentionscore.v1 import scoring_service_pb2 as service

TIMEOUT_S = 20
CALLS, UTTERANCES = 50, 40
PREFIX = os.environ.get("INTEROP_PREFIX", "")


class Trunk:
    """One trunk: requests go out as they are sent, replies are kept by channel."""

    def __init__(self, channel):
        self.requests = queue.Queue()
        score_calls = channel.stream_stream(
            "/retentionscore.v1.ScoringService/ScoreCalls",
            request_serializer=service.ScoreCallsRequest.SerializeToString,
            response_deserializer=service.ScoreCallsResponse.FromString)
        self.responses = score_calls(iter(self.requests.get, None), metadata=[("trunk-id", "python")], timeout=TIMEOUT_S)
        self.unread = {}

    def send(self, *messages):
        """Each message is (channel, member, value)."""
        self.requests.put(service.ScoreCallsRequest(requests=[
            service.CallRequest(channel=number, request=service.ScoreCallRequest(**{member: value}))
            for number, member, value in messages]))

    def half_close(self):
        self.requests.put(None)

    def reply(self, number):
        while not self.unread.get(number):
            for reply in next(self.responses).replies:
                self.unread.setdefault(reply.channel, []).append(reply)
        return self.unread[number].pop(0)

    def response(self, number, member):
        reply = self.reply(number)
        equal(reply.WhichOneof("outcome"), "response", f"outcome of {reply}")
        equal(reply.response.WhichOneof("message"), member, "member")
        return getattr(reply.response, member)


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: got {actual!r}, wanted {expected!r}")


def start(name):
    return call.CallStart(call_id=name, resume_from=1)


def final(seq, text="I want to cancel my service."):
    return call.Utterance(seq=seq, speaker=call.SPEAKER_CUSTOMER, text=text, start_ms=seq * 3000, end_ms=seq * 3000 + 2000)


def trunk_manyCalls_eachInItsOrder(channel):
    trunk = Trunk(channel)
    trunk.send(*[(n, "start", start(f"many-{n}")) for n in range(CALLS)])
    for seq in range(1, UTTERANCES + 1):
        trunk.send(*[(n, "utterance", final(seq)) for n in range(CALLS)])
    trunk.send(*[(n, "end", call.CallEnd(seq=UTTERANCES + 1)) for n in range(CALLS)])
    for n in range(CALLS):
        equal(trunk.response(n, "opened").call_id, f"many-{n}", "call")
        for seq in range(1, UTTERANCES + 1):
            equal(trunk.response(n, "update").seq, seq, "seq")
        equal(trunk.response(n, "summary").utterances, UTTERANCES, "utterances")
    trunk.half_close()
    equal(list(trunk.responses), [], "rest")
    equal(trunk.responses.code(), grpc.StatusCode.OK, "status")


def trunk_errorOfACall_isItsOwn(channel):
    trunk = Trunk(channel)
    trunk.send((1, "start", start("gap")), (2, "start", start("other")), (1, "utterance", final(7)), (2, "utterance", final(1)))
    equal(trunk.response(1, "opened").next_seq, 1, "next_seq")
    error = trunk.reply(1).error
    equal((error.code, error.reason, error.next_seq), (grpc.StatusCode.FAILED_PRECONDITION.value[0], "SEQUENCE_GAP", 1), "error")
    trunk.response(2, "opened")
    equal(trunk.response(2, "update").seq, 1, "seq")
    trunk.send((1, "start", start("gap")), (1, "utterance", final(1)))
    equal(trunk.response(1, "opened").resumed, True, "resumed")
    equal(trunk.response(1, "update").seq, 1, "seq")
    trunk.half_close()
    equal(list(trunk.responses), [], "rest")


def wait_until_serving(channel):
    check = channel.unary_unary("/grpc.health.v1.Health/Check")  # of the whole server: no members; SERVING is 1 in the first
    until = time.monotonic() + TIMEOUT_S
    while check(b"", wait_for_ready=True, timeout=TIMEOUT_S) != b"\x08\x01":
        if time.monotonic() > until:
            raise AssertionError("the server does not get ready")
        time.sleep(0.1)


def main():
    server = subprocess.Popen(
        ["dotnet", sys.argv[1], "--Listen:Grpc=127.0.0.1:0", "--Listen:Ops=127.0.0.1:0", "--Journal:Store=memory"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        lines = iter(server.stdout.readline, "")
        address = next(line.strip().rpartition("//")[2] for line in lines if "http://" in line)
        threading.Thread(target=lambda: [None for _ in lines], daemon=True).start()
        channel = grpc.insecure_channel(address)
        wait_until_serving(channel)
        failed = 0
        for case in (trunk_manyCalls_eachInItsOrder, trunk_errorOfACall_isItsOwn):
            try:
                case(channel)
                print(f"ok {PREFIX}{case.__name__}", flush=True)
            except Exception as error:
                failed = 1
                print(f"FAIL {PREFIX}{case.__name__}: {type(error).__name__}: {error}".replace("\n", " | "), flush=True)
    finally:
        server.kill()
    os._exit(failed)


main()
