using BenchmarkDotNet.Attributes;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;
using RetentionScore.Server.Journal;

namespace RetentionScore.Benchmarks;

/// <summary>A call from its log: records as the journal keeps them, checked and taken again.</summary>
[MemoryDiagnoser]
public class RestoreBenchmarks
{
    private const long CallNo = 1;

    private readonly ScoringScratch scratch = new();
    private byte[] log = [];

    /// <summary>Utterances of the call.</summary>
    [Params(30, 300, 3000)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Record()
    {
        var session = new CallSession(RetentionPolicy.Default, CallContext.Empty);
        using var records = new MemoryStream();
        var bytes = new byte[RecordFormat.MaxBytes];
        for (uint seq = 1; seq <= Length; seq++)
        {
            int at = (int)seq * 4000;
            var utterance = new Utterance { Seq = seq, Speaker = seq % 2 == 0 ? Speaker.Agent : Speaker.Customer, Text = Talk.Of(5 + (int)seq % 40), StartMs = at, EndMs = at + 3000 };
            session.Observe(utterance, scratch);
            records.Write(bytes.AsSpan(0, RecordFormat.Write(bytes, CallNo, new JournalRecord { Signals = scratch.Record })));
        }

        log = records.ToArray();
    }

    [Benchmark]
    public uint Restore()
    {
        var session = new CallSession(RetentionPolicy.Default, CallContext.Empty);
        int at = 0;
        while (RecordFormat.Read(log, ref at, CallNo, out JournalRecord record) == RecordRead.Read) session.Replay(record.Signals, scratch);
        return session.LastSeq == Length ? session.LastSeq : throw new InvalidOperationException($"only {session.LastSeq} of {Length} came back");
    }
}
