using System.Buffers;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Benchmarks;

/// <summary>A message from the wire and its answer to it, by hand as the server does it and by the generated classes.</summary>
[MemoryDiagnoser]
public class WireBenchmarks
{
    private readonly ScoringWorkspace workspace = new();
    private readonly CallAnswer answer = new();
    private readonly ArrayBufferWriter<byte> output = new(4096);
    private ReadOnlySequence<byte> request;
    private ScoredUpdate update = null!;
    private V1.ScoreCallResponse generated = null!;

    [GlobalSetup]
    public void Score()
    {
        var utterance = new V1.Utterance { Seq = 7, Speaker = V1.Speaker.Customer, Text = System.Text.Encoding.UTF8.GetString(Talk.Of(12)), StartMs = 1000, EndMs = 4000, UtteranceId = "u-7" };
        request = new ReadOnlySequence<byte>(new V1.ScoreCallRequest { Utterance = utterance }.ToByteArray());
        var session = new CallSession(RetentionPolicy.Default, CallContext.Empty);
        for (uint seq = 1; seq <= 30; seq++)
        {
            int at = (int)seq * 4000;
            session.Observe(new Utterance { Seq = seq, Speaker = seq % 2 == 0 ? Speaker.Agent : Speaker.Customer, Text = Talk.Of(30), StartMs = at, EndMs = at + 3000 }, workspace.Scratch);
        }

        update = workspace.Update.Begin(workspace.Scratch.Update, DegradationSet.None, durableSeq: 29);
        update.Latency = new Receipt(TimeSpan.FromMicroseconds(12), TimeSpan.FromMicroseconds(5), null);
        generated = new V1.ScoreCallResponse { Update = update.ToMessage() };
    }

    [Benchmark]
    public int ReadFrame()
    {
        CallFrame frame = CallFrame.Read(request);
        int length = frame.Text.Length;
        frame.Return();
        return length;
    }

    [Benchmark]
    public int ReadGenerated() => V1.ScoreCallRequest.Parser.ParseFrom(request).Utterance.Text.Length;

    [Benchmark]
    public int WriteAnswer()
    {
        answer.Set(update, workspace.Output);
        return answer.Length;
    }

    [Benchmark]
    public int WriteGenerated()
    {
        output.ResetWrittenCount();
        generated.WriteTo(output);
        return output.WrittenCount;
    }
}
