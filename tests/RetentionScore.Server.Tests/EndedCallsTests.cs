using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Tests;

public sealed class EndedCallsTests
{
    private static readonly byte[] Summary = [.. Enumerable.Range(0, 700).Select(i => (byte)i)];

    [Fact]
    public void Call_ThatWasKept_ComesBackOnce_AsItWas()
    {
        var shard = new EndedShard();
        var kept = new EndedCall(Summary, 41, 40, 3, 1234, "default-1", "linear-2", "utterance-ü");
        Assert.True(shard.TryAdd(new CallKey("tenant", "c-é"), 7, kept));
        Assert.Equal(1, shard.Count);
        EndedCall taken = shard.Take(new CallKey("tenant", "c-é"), 7)!.Value;
        Assert.Equal(Summary, taken.Summary);
        Assert.Equal(kept, taken with { Summary = Summary });
        Assert.Null(shard.Take(new CallKey("tenant", "c-é"), 7));
        Assert.Equal(0, shard.Count);
    }

    [Fact]
    public void Calls_WhoseHashesAreTheSame_AreToldApart()
    {
        var shard = new EndedShard();
        for (uint i = 1; i <= 200; i++) Assert.True(shard.TryAdd(new CallKey(i % 2 == 0 ? "a" : "b", $"c{i / 2}"), 7, Of(i, quietSince: i)));
        for (uint i = 200; i >= 1; i--) Assert.Equal(i, shard.Take(new CallKey(i % 2 == 0 ? "a" : "b", $"c{i / 2}"), 7)!.Value.NextSeq);
        Assert.Equal(0, shard.Count);
    }

    [Fact]
    public void Sweep_ForgetsWhatIsTooOld_AndUsesItsMemoryAgain()
    {
        var shard = new EndedShard();
        uint next = 0;
        Add(2000);
        shard.Sweep(since => since <= 1000);
        Assert.Null(shard.Take(Key(1), 1));
        Assert.InRange(shard.Count, 1000, 1000 + (EndedShard.SlabBytes / Summary.Length));
        Assert.Equal(1500u, shard.Take(Key(1500), 1500)!.Value.NextSeq);
        shard.Sweep(_ => true);
        Assert.Equal(0, shard.Count);
        Add(20); // in a slab that was used before
        Assert.Equal(2010u, shard.Take(Key(2010), 2010)!.Value.NextSeq);

        void Add(int calls)
        {
            for (; calls > 0; calls--) Assert.True(shard.TryAdd(Key(++next), (int)next, Of(next, next)));
        }
    }

    [Fact]
    public void Call_ThatIsTooLong_IsNotKept()
    {
        var shard = new EndedShard();
        Assert.False(shard.TryAdd(Key(1), 1, Of(1, 1) with { Summary = new byte[EndedShard.SlabBytes] }));
        Assert.Null(shard.Take(Key(1), 1));
    }

    private static CallKey Key(uint call) => new("", $"call-{call}");

    private static EndedCall Of(uint nextSeq, long quietSince) => new(Summary, nextSeq, nextSeq - 1, 1, quietSince, "default-1", "linear-2", "");
}
