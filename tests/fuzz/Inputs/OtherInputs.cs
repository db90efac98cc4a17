using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;
using RetentionScore.V1;

namespace RetentionScore.Fuzz.Inputs;

/// <summary>The other methods, and what is below gRPC.</summary>
internal static class OtherInputs
{
    /// <summary>As the server under test is told.</summary>
    internal const int MaxTranscriptMessages = 64;

    private const string Service = "/retentionscore.v1.ScoringService/";

    internal static Input Transcript(Draw draw)
    {
        List<ScoreCallRequest> call = draw.Conversation(12);
        var request = new ScoreTranscriptRequest { Start = call[0].Start };
        request.Messages.AddRange(call.Skip(1));
        switch (draw.Below(5))
        {
            case 0:
                return Sent(Frames.Of(request), new Expected { Status = StatusCode.OK });
            case 1:
                while (request.Messages.Count < MaxTranscriptMessages + draw.Below(2)) request.Messages.Add(new ScoreCallRequest());
                return Sent(
                    Frames.Of(request),
                    request.Messages.Count > MaxTranscriptMessages ? new Expected { Status = StatusCode.InvalidArgument, Field = "messages" } : new Expected { Status = StatusCode.OK });
            case 2:
                request.Start = null;
                return Sent(Frames.Of(request), new Expected { Status = StatusCode.InvalidArgument, Field = "start" });
            default:
                byte[] bytes = request.ToByteArray();
                return Sent(Frames.One(draw.Mutate(bytes, bytes)), new Expected());
        }

        static Input Sent(byte[] body, Expected expected) => new("transcript", $"{Service}ScoreTranscript", body) { Expected = expected };
    }

    internal static Input Trunk(Draw draw)
    {
        var batch = new ScoreCallsRequest();
        foreach (ScoreCallRequest message in draw.Conversation(8))
            batch.Requests.Add(new CallRequest { Channel = draw.OneIn(8) ? draw.UInt() : 1, Request = message });
        byte[] bytes = batch.ToByteArray();
        return new Input("trunk", $"{Service}ScoreCalls", Frames.One(draw.Below(4) switch { 0 => bytes, 1 => draw.Mutate(bytes, bytes), _ => draw.MutateInPlace(bytes) }));
    }

    internal static Input Unary(Draw draw)
    {
        byte[] bytes = draw.Bytes(30);
        return draw.Below(3) switch
        {
            0 => new Input("server info", $"{Service}GetServerInfo", Frames.One(bytes)),
            1 => new Input("health", "/grpc.health.v1.Health/Check", Frames.One(new HealthCheckRequest { Service = draw.From<string>(["", "nobody", "retentionscore.v1.ScoringService"]) }.ToByteArray())),
            _ => new Input("health", draw.From<string>(["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/List"]), Frames.One(bytes)),
        };
    }

    internal static Input Reflection(Draw draw)
    {
        var request = new ServerReflectionRequest { Host = "h" };
        string name = draw.From<string>(["retentionscore.v1.ScoringService", "retentionscore/v1/call.proto", "", "x", new string('y', 5000)]);
        switch (draw.Below(5))
        {
            case 0: request.FileByFilename = name; break;
            case 1: request.FileContainingSymbol = name; break;
            case 2: request.AllExtensionNumbersOfType = name; break;
            case 3: request.FileContainingExtension = new ExtensionRequest { ContainingType = name, ExtensionNumber = draw.Int() }; break;
            default: request.ListServices = name; break;
        }

        byte[] bytes = request.ToByteArray();
        string path = draw.From<string>(["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"]);
        return new Input("reflection", path, draw.OneIn(2) ? Frames.One(bytes) : Frames.One(draw.Mutate(bytes, bytes)));
    }

    /// <summary>Headers and metadata that no client sends.</summary>
    internal static Input Metadata(Draw draw)
    {
        byte[] body = Frames.Of(Draw.Message(draw.Start()), Draw.Message(draw.Utterance(1)));
        string junk = Encoding.ASCII.GetString([.. draw.Bytes(40).Select(b => (byte)(33 + b % 94))]);
        return draw.Below(9) switch
        {
            0 => Sent([("call-id", "another")], new Expected { Status = StatusCode.InvalidArgument, Field = "start.call_id" }),
            1 => Sent([("call-id", draw.CallId)], new Expected { Status = StatusCode.OK, Updates = 1 }),
            2 => Sent([("x-bin", junk)], new Expected()),
            3 => Sent([("grpc-timeout", draw.From<string>(["1n", "0S", "-1S", "99999999H", "1", "S", junk]))], new Expected()),
            4 => Sent([("grpc-encoding", junk)], new Expected()),
            5 => Sent([("grpc-accept-encoding", junk)], new Expected { Status = StatusCode.OK, Updates = 1 }),
            6 => Sent([.. Enumerable.Range(0, 40).Select(i => ($"k{i}", junk))], new Expected { Status = StatusCode.OK, Updates = 1 }),
            7 => Sent([], new Expected()) with { ContentType = draw.From<string>(["text/plain", "application/grpc+json", "application/grpc-web", "application/json"]), IsRough = true },
            _ => Sent([], new Expected()) with { Path = draw.From<string>(["/", $"{Service}Nothing", "/none.Of/These", "/metrics", "/%00/x"]), IsRough = true },
        };

        Input Sent((string, string)[] headers, Expected expected) => new("metadata", Draw.Call, body) { Headers = headers, Expected = expected };
    }

    /// <summary>More metadata than HTTP takes: the connection may go with it, so it has one of its own.</summary>
    internal static Input HugeMetadata(Draw draw) => new("huge metadata", Draw.Call, Frames.Of(Draw.Message(draw.Start())))
    {
        Headers = draw.OneIn(2)
            ? [("x-huge", new string('h', 1000 + draw.Below(60_000)))]
            : [.. Enumerable.Range(0, 80 + draw.Below(200)).Select(i => ($"k{i}", "v"))],
        IsRough = true,
    };
}
