using Google.Protobuf;
using Grpc.Core;
using RetentionScore.V1;

namespace RetentionScore.Fuzz.Inputs;

/// <summary>ScoreCall: whole conversations and single members, wrong in ways that are known and in ways that are not.</summary>
internal static class CallInputs
{
    /// <summary>The limits of the server under test that are not the defaults.</summary>
    internal const int MaxMessageBytes = 64 * 1024;

    internal static Input Conversation(Draw draw)
    {
        List<ScoreCallRequest> messages = draw.Conversation(12);
        int seqs = messages.Count - 1;
        if (draw.OneIn(8))
        {
            bool ends = messages[^1].MessageCase == ScoreCallRequest.MessageOneofCase.End;
            return new Input("conversation, whole", Draw.Call, Frames.Of(messages)) { Expected = new Expected { Status = StatusCode.OK, Updates = ends ? seqs - 1 : seqs } };
        }

        List<byte[]> payloads = [.. messages.Select(message => message.ToByteArray())];
        for (int times = 1 + draw.Below(3); times > 0; times--)
        {
            // Mostly not the start: behind a start that is refused nothing is looked at.
            int at = draw.OneIn(8) ? 0 : draw.Below(payloads.Count);
            payloads[at] = draw.OneIn(4) ? draw.Mutate(payloads[at], draw.From(payloads)) : draw.MutateInPlace(payloads[at]);
        }

        return new Input("conversation, mutated", Draw.Call, Frames.Of(payloads));
    }

    internal static Input Order(Draw draw)
    {
        List<ScoreCallRequest> messages = draw.Conversation(12);
        for (int times = 1 + draw.Below(4); times > 0; times--)
        {
            int at = draw.Below(messages.Count), other = draw.Below(messages.Count);
            switch (draw.Below(6))
            {
                case 0:
                    (messages[at], messages[other]) = (messages[other], messages[at]);
                    break;
                case 1:
                    messages.Insert(at, messages[other].Clone());
                    break;
                case 2:
                    messages.RemoveAt(at);
                    if (messages.Count == 0) messages.Add(new ScoreCallRequest());
                    break;
                case 3 when messages[at].Utterance is { } said:
                    said.Seq = draw.UInt();
                    break;
                case 4 when messages[at].Utterance is { } said:
                    said.CorrectsSeq = draw.OneIn(2) ? draw.UInt() : (uint)draw.Below(14);
                    break;
                default:
                    messages.Insert(at, draw.OneIn(2)
                        ? new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = draw.OneIn(2) } }
                        : Draw.Message(new Utterance { Interim = true, Speaker = (Speaker)draw.Below(6), Text = draw.Text(), Seq = (uint)draw.Below(3) }));
                    break;
            }
        }

        return new Input("conversation, out of order", Draw.Call, Frames.Of(messages));
    }

    internal static Input RandomBytes(Draw draw)
    {
        var payloads = new List<byte[]>();
        if (!draw.OneIn(4)) payloads.Add(Draw.Message(draw.Start()).ToByteArray());
        for (int count = 1 + draw.Below(3); count > 0; count--) payloads.Add(draw.Bytes(200));
        return new Input("random bytes in frames", Draw.Call, Frames.Of(payloads));
    }

    /// <summary>Every member of the oneof and of its messages, those that do not exist and those of the wrong wire type included.</summary>
    internal static Input Members(Draw draw)
    {
        var payloads = new List<byte[]> { Draw.Message(draw.Start()).ToByteArray() };
        for (int count = 1 + draw.Below(3); count > 0; count--)
        {
            byte[] inner = draw.Member(1 + draw.Below(12));
            if (draw.OneIn(2)) inner = [.. inner, .. draw.Member(1 + draw.Below(12))];
            payloads.Add([(byte)((1 + draw.Below(7)) << 3 | 2), (byte)inner.Length, .. inner]);
        }

        return new Input("members and wire types", Draw.Call, Frames.Of(payloads));
    }

    internal static Input Enums(Draw draw)
    {
        int value = draw.OneIn(2) ? draw.Below(24) - 4 : draw.Int();
        if (draw.OneIn(3))
        {
            Utterance said = draw.Utterance(1);
            said.Speaker = (Speaker)value;
            return Flagged("enums", draw, Draw.Message(said), value is < 1 or > 4 ? Degradation.InputIgnored : null);
        }

        if (draw.OneIn(2))
        {
            bool isKnown = value is >= 1 and <= 13;
            bool isPrompt = value is >= 14 and <= 16; // without a prompt that there was
            return Flagged(
                "enums", draw, Draw.Message(new CallEvent { Seq = 1, AtMs = 10, Kind = (CallEventKind)value }), isKnown ? null : Degradation.InputIgnored, unlessKnown: isPrompt);
        }

        var end = new CallEnd { Seq = 1, AtMs = 10, Disposition = (Disposition)value };
        return new Input("enums", Draw.Call, Frames.Of(Draw.Message(draw.Start()), Draw.Message(end))) { Expected = new Expected { Status = StatusCode.OK, Updates = 0 } };
    }

    internal static Input Numbers(Draw draw)
    {
        Utterance said = draw.Utterance(1);
        switch (draw.Below(5))
        {
            case 0:
                said.StartMs = draw.Int();
                said.EndMs = draw.Int();
                bool isImpossible = said.StartMs is < 0 or > 604_800_000 || said.EndMs is < 0 or > 604_800_000 || said.StartMs > said.EndMs;
                return Flagged("numbers", draw, Draw.Message(said), isImpossible ? Degradation.ClockSkew : null);
            case 1:
                said.AsrConfidence = draw.Float();
                return Flagged("numbers", draw, Draw.Message(said), said.AsrConfidence is >= 0 and <= 1 ? null : Degradation.InputIgnored);
            case 2:
                said.Seq = draw.UInt();
                Expected expected = said.Seq switch
                {
                    0 => new Expected { Status = StatusCode.InvalidArgument, Field = "utterance.seq" },
                    1 => new Expected { Status = StatusCode.OK, Updates = 1 },
                    _ => new Expected { Status = StatusCode.FailedPrecondition, Field = "utterance.seq" },
                };
                return new Input("numbers", Draw.Call, Frames.Of(Draw.Message(draw.Start()), Draw.Message(said))) { Expected = expected };
            case 3:
                int at = draw.Int();
                return Flagged(
                    "numbers", draw, Draw.Message(new CallEvent { Seq = 1, Kind = CallEventKind.Tick, AtMs = at }), at is < 0 or > 604_800_000 ? Degradation.ClockSkew : null);
            default:
                CallStart start = draw.Start();
                start.Attempt = unchecked((ulong)(long)draw.Int());
                start.StartedAtUnixMs = draw.OneIn(2) ? long.MinValue : draw.Int();
                start.Context = new CallContext { TenureMonths = draw.UInt(), ContactsLast30Days = draw.UInt(), Audience = draw.UInt() };
                return new Input("numbers", Draw.Call, Frames.Of(Draw.Message(start), Draw.Message(said)))
                {
                    Expected = start.Attempt > long.MaxValue
                        ? new Expected { Status = StatusCode.InvalidArgument, Field = "start.attempt" }
                        : new Expected { Status = StatusCode.OK, Updates = 1 },
                };
        }
    }

    internal static Input InvalidUtf8(Draw draw)
    {
        byte[][] wrong = [[0xff, 0xfe], [0xc3, 0x28], [0xed, 0xa0], [0xc0, 0x80], [0xf5, 0x80], [0x80, 0x80]];
        byte[] bytes = draw.From(wrong);
        CallStart start = draw.Start();
        Utterance said = draw.Utterance(1);
        var happened = new CallEvent { Seq = 2, Kind = CallEventKind.PromptShown, RecommendationId = "1.1", Detail = "x" };
        switch (draw.Below(8))
        {
            case 0:
                said.Text = "## cancel";
                break;
            case 1:
                said.UtteranceId = "id##";
                break;
            case 2:
                happened.RecommendationId = "##";
                break;
            case 3:
                happened.Detail = "##";
                break;
            case 4:
                happened.Context = new CallContext { Queue = "##" };
                break;
            case 5:
                start.Context = new CallContext { AgentId = "##" };
                break;
            case 6:
                start.Language = "##";
                return Sent(new Expected { Status = StatusCode.InvalidArgument, Field = "start.language" });
            default:
                start.CallId = $"##{draw.Index}";
                return Sent(new Expected { Status = StatusCode.InvalidArgument, Field = "start.call_id" });
        }

        return Sent(new Expected { Status = StatusCode.OK, Updates = 2 });

        Input Sent(Expected expected)
        {
            byte[] body = Frames.Of(Draw.Message(start), Draw.Message(said), Draw.Message(happened));
            return new Input("invalid UTF-8", Draw.Call, Draw.Replace(body, "##", bytes)) { Expected = expected };
        }
    }

    internal static Input Sizes(Draw draw)
    {
        int beyond = draw.Below(3) - 1; // one below the limit, at it, one above
        Utterance said = draw.Utterance(1);
        CallStart start = draw.Start();
        switch (draw.Below(7))
        {
            case 0:
                said.Text = Seeds.Planted + new string('a', 8192 - Seeds.Planted.Length + beyond);
                return Flagged("sizes", draw, Draw.Message(said), beyond > 0 ? Degradation.TextTruncated : null);
            case 1:
                said.UtteranceId = new string('i', 64 + beyond);
                return Flagged("sizes", draw, Draw.Message(said), beyond > 0 ? Degradation.InputIgnored : null);
            case 2:
                start.CallId = $"{draw.Index}-".PadRight(128 + beyond, 'c');
                return Started("start.call_id", beyond > 0);
            case 3:
                start.Context = new CallContext { Queue = new string('q', 256 + beyond) };
                return Started("start.context.queue", beyond > 0);
            case 4:
                start.Language = draw.From<string>(["en-" + new string('a', 8), "en-" + new string('a', 9), "", "e", "1e", "en--us", new string('e', 70)]);
                return Started("start.language", start.Language.Length is not (0 or 1 or 11));
            case 5:
                start.Policy = new string('p', draw.Below(300));
                return start.Policy.Length == 0 ? Started("", false) : Started("start.policy", true, StatusCode.NotFound);
            default:
                // The text fills the message up to the byte.
                said.Text = "";
                said.UtteranceId = "";
                int target = MaxMessageBytes + beyond;
                said.Text = Seeds.Planted.PadRight(target - 64, 'a');
                said.Text += new string('a', target - Draw.Message(said).CalculateSize());
                return new Input("sizes", Draw.Call, Frames.Of(Draw.Message(start), Draw.Message(said)))
                {
                    Expected = beyond > 0
                        ? new Expected { Status = StatusCode.InvalidArgument, Field = "message" }
                        : new Expected { Status = StatusCode.OK, Updates = 1, Flag = Degradation.TextTruncated, FlagSeq = 1 },
                };
        }

        Input Started(string field, bool isRefused, StatusCode status = StatusCode.InvalidArgument) =>
            new("sizes", Draw.Call, Frames.Of(Draw.Message(start), Draw.Message(said)))
            {
                Expected = isRefused ? new Expected { Status = status, Field = field } : new Expected { Status = StatusCode.OK, Updates = 1 },
            };
    }

    internal static Input ManyTiny(Draw draw)
    {
        int count = 500 + draw.Below(1500);
        byte[] start = Frames.Of(Draw.Message(draw.Start()));
        byte[] tiny = draw.From<byte[]>([[], [0x2a, 0x00], [0x9a, 0x06, 0x00]]); // nothing, a heartbeat, a member of a later version
        IEnumerable<byte> frames = Enumerable.Repeat(Frames.One(tiny), count).SelectMany(frame => frame);
        return new Input("many tiny messages", Draw.Call, [.. start, .. frames]) { Expected = new Expected { Status = StatusCode.OK, Updates = 0 } };
    }

    internal static Input BrokenFrames(Draw draw)
    {
        byte[] start = Frames.Of(Draw.Message(draw.Start()));
        byte[] payload = Draw.Message(draw.Utterance(1)).ToByteArray();
        var invalid = new Expected { Status = StatusCode.InvalidArgument };
        return draw.Below(8) switch
        {
            0 => Sent(Frames.One(payload, flag: (byte)(2 + draw.Below(254))), invalid),
            1 => Sent(Frames.One(payload, flag: 1), invalid),
            2 => Sent(Frames.One(payload, length: (uint)payload.Length + 1 + (uint)draw.Below(1000)), invalid),
            3 => Sent(Frames.One(payload, length: 0x8000_0000 | draw.UInt()), invalid with { Field = "message" }),
            4 => Sent(draw.Bytes(4) is { Length: > 0 } some ? some : [0], invalid with { Field = "frame" }),
            5 => Sent(Frames.One(Frames.Gzip(payload), flag: 1), new Expected { Status = StatusCode.OK, Updates = 1 }, "gzip"),
            6 => Sent(Frames.One(draw.Mutate(Frames.Gzip(payload), payload), flag: 1), new Expected(), "gzip"),
            _ => Sent(Frames.One(Frames.Gzip(new byte[MaxMessageBytes * 20]), flag: 1), invalid with { Field = "message" }, "gzip"),
        };

        Input Sent(byte[] frame, Expected expected, string? encoding = null) => new("broken frames", Draw.Call, [.. start, .. frame])
        {
            Expected = expected,
            IsBrokenFrame = true,
            Headers = encoding is null ? [] : [("grpc-encoding", encoding)],
        };
    }

    internal static Input Abandoned(Draw draw)
    {
        List<ScoreCallRequest> messages = draw.Conversation(6);
        return new Input("abandoned", Draw.Call, Frames.Of(messages.Take(draw.Below(messages.Count + 1)))) { IsAbandoned = true };
    }

    private static Input Flagged(string kind, Draw draw, ScoreCallRequest message, Degradation? flag, bool unlessKnown = false) =>
        new(kind, Draw.Call, Frames.Of(Draw.Message(draw.Start(explain: true)), message))
        {
            Expected = new Expected { Status = StatusCode.OK, Updates = 1, Flag = unlessKnown ? Degradation.InputIgnored : flag, FlagSeq = 1 },
        };
}
