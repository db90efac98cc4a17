using BenchmarkDotNet.Attributes;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;

namespace RetentionScore.Benchmarks;

/// <summary>Scoring of one utterance, by its length and by the length of the call before it.</summary>
[MemoryDiagnoser]
public class ObserveBenchmarks
{
    private readonly ScoringScratch _scratch = new();
    private CallSession _session = null!;
    private byte[] _text = [];
    private uint _seq;
    private int _now;

    /// <summary>Words of the utterance.</summary>
    [Params(4, 10, 60)]
    public int Words { get; set; }

    /// <summary>Messages of the call before.</summary>
    [Params(10, 1000)]
    public int Before { get; set; }

    [GlobalSetup]
    public void Open()
    {
        _text = Talk.Of(Words);
        _session = new CallSession(RetentionPolicy.Default, CallContext.Empty);
        for (int i = 0; i < Before; i++) Observe();
    }

    [Benchmark]
    public bool Observe()
    {
        _now += 1000;
        // Customer and agent in turn; the clock starts again before it runs out of milliseconds.
        if (_now > 2_000_000_000) _now = 0;
        var speaker = (++_seq & 1) == 0 ? Speaker.Agent : Speaker.Customer;
        return _session.Observe(new Utterance { Seq = _seq, Speaker = speaker, Text = _text, StartMs = _now, EndMs = _now + 900 }, _scratch).HasRisk;
    }
}
