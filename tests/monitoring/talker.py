"""Calls that make every metric move: talker.py PORT CA PROTOS SECONDS. Customers ask to leave, are put off, told yes, hang up; words are corrected and previewed."""
import os, sys, threading, time

sys.path.insert(0, sys.argv[3])
import grpc
from retentionscore.v1 import call_pb2 as v1, scoring_service_pb2 as service

PORT, CA, SECONDS = sys.argv[1], open(sys.argv[2], "rb").read(), float(sys.argv[4])
CUSTOMER, AGENT = v1.SPEAKER_CUSTOMER, v1.SPEAKER_AGENT
UNTIL = time.monotonic() + SECONDS

HELD_BACK = [
    (CUSTOMER, "I want to cancel my service."), (AGENT, "Why do you want to leave us?"), (CUSTOMER, "I'd rather not say."),
    (AGENT, "Come on, why is it that you want to leave?"), (CUSTOMER, "I told you, please just cancel it."),
    (AGENT, "We could give you half price for six months."), (CUSTOMER, "No thank you, cancel my service now. This is ridiculous."), 120,
    (AGENT, "It's cancelled, your confirmation number is four two seven one."), (CUSTOMER, "Thank you, goodbye."), (AGENT, "Thank you, goodbye."),
]
TOLD_YES = [
    (CUSTOMER, "I want to cancel my service."), (AGENT, "Of course, I'll cancel that for you right away."), (CUSTOMER, "Thank you, and when does it end?"),
    (AGENT, "One moment please."), (CUSTOMER, "I have time."), (AGENT, "It's cancelled, your confirmation number is four two seven one."), (CUSTOMER, "Goodbye."),
]
LEFT_ALONE = [(CUSTOMER, "My internet is slow."), (CUSTOMER, "I want to cancel my service."), (AGENT, "No, I can't do that."), 20]


def messages(name, talk):
    yield service.ScoreCallRequest(start=v1.CallStart(call_id=name, resume_from=1, started_at_unix_ms=int(time.time() * 1000) - 60_000))
    at, seq = 55_000, 0
    for turn in talk:
        seq += 1
        if isinstance(turn, int):
            at += turn * 1000
            yield service.ScoreCallRequest(event=v1.CallEvent(seq=seq, kind=v1.CALL_EVENT_KIND_TICK, at_ms=at))
            continue
        speaker, text = turn
        said = dict(speaker=speaker, text=text, start_ms=at, end_ms=at + 2000, asr_confidence=0.55 if seq % 4 == 0 else 0.93)
        yield service.ScoreCallRequest(utterance=v1.Utterance(interim=True, **{**said, "text": text[: len(text) // 2]}))
        final = service.ScoreCallRequest(utterance=v1.Utterance(seq=seq, utterance_id=f"{seq}", **said))
        yield final
        if seq == 2:
            yield final  # sent again
        time.sleep(0.01)
        at += 3000
    yield service.ScoreCallRequest(utterance=v1.Utterance(seq=seq + 1, corrects_seq=1, speaker=CUSTOMER, text="I want to cancel my contract.", start_ms=55_000, end_ms=57_000))
    yield service.ScoreCallRequest(end=v1.CallEnd(seq=seq + 2, disposition=v1.DISPOSITION_CANCELLED))


def talk_on(number):
    while time.monotonic() < UNTIL:
        for talk in (HELD_BACK, TOLD_YES, LEFT_ALONE):
            name = f"talk-{number}-{os.urandom(6).hex()}"
            # A connection for each, so that connections and handshakes are seen to end.
            with grpc.secure_channel(f"localhost:{PORT}", grpc.ssl_channel_credentials(CA)) as channel:
                score = channel.stream_stream(
                    "/retentionscore.v1.ScoringService/ScoreCall", service.ScoreCallRequest.SerializeToString, service.ScoreCallResponse.FromString)
                answers = list(score(messages(name, talk), timeout=20))
            assert answers[-1].HasField("summary"), answers[-1]


threads = [threading.Thread(target=talk_on, args=(i,)) for i in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
