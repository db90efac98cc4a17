namespace RetentionScore.Client.Tests;

/// <summary>What all calls of a client hold together is bounded, too.</summary>
public sealed class BoundTests
{
    [Fact]
    public void Kept_PastTheBoundOfAll_TheCallWithMoreThanItsPartDrops()
    {
        var share = new Share(100_000);
        var outboxes = Enumerable.Range(0, 10).Select(_ => new Outbox(1_000_000, 1 << 30, share)).ToArray();
        for (int n = 1; n <= 20; n++)
        {
            foreach (Outbox outbox in outboxes[1..]) Assert.NotNull(outbox.Add(new ScoreCallRequest { Utterance = Say.Turn(n) }, 0, null, out _));
        }

        for (int n = 1; n <= 5_000; n++) outboxes[0].Add(new ScoreCallRequest { Utterance = Say.Turn(n) }, 0, null, out _);
        Assert.InRange(share.Held, 50_000, 101_000);
        Assert.True(outboxes[0].TakeDropped().ToSeq > 0);
        Assert.All(outboxes[1..], outbox => Assert.Equal(20, outbox.Kept));
        Assert.All(outboxes[1..], outbox => Assert.Equal(0u, outbox.TakeDropped().ToSeq));
        foreach (Outbox outbox in outboxes) outbox.Close();
        Assert.Equal(0, share.Held);
    }

    [Fact]
    public async Task Updates_PastTheBoundOfAll_TheOldestOfThoseWithMostAreDropped()
    {
        var share = new Share(100);
        var silent = new UpdateQueue(1000, share);
        var small = new UpdateQueue(1000, share);
        for (uint n = 1; n <= 20; n++) small.Write(new ScoreUpdate { Seq = n });
        for (uint n = 1; n <= 500; n++) silent.Write(new ScoreUpdate { Seq = n });
        Assert.InRange(share.Held, 90, 101);
        Assert.Equal(0, small.Unread);
        Assert.InRange(silent.Unread, 410, 430);
        silent.Complete();
        Assert.Equal(20, share.Held);
        List<ScoreUpdate> left = await silent.ReadAllAsync(CancellationToken.None).AllAsync().Within(); // still there to be read
        Assert.Equal(500u, left[^1].Seq);
        Assert.Equal(500 - silent.Unread, left.Count);
        Assert.Equal(20, share.Held);
        small.Complete();
        Assert.Equal(0, share.Held);
    }
}
