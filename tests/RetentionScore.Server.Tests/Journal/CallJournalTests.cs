using RetentionScore.Server.Calls;
using RetentionScore.Server.Journal;

namespace RetentionScore.Server.Tests.Journal;

public sealed class CallJournalTests
{
    [Fact]
    public async Task WhenDurable_NothingIsEverKept_EndsAtOnce()
    {
        Assert.True(await CallJournal.None.WhenDurableAsync(7, Timeout.InfiniteTimeSpan).AsTask().Within());
        Assert.Equal(0u, CallJournal.None.DurableSeq);
    }

    [Fact]
    public async Task WhenDurable_SeqBySeq_EndsWhenTheJournalIsThere()
    {
        var journal = new CallJournal(Durability.Node, TimeProvider.System);
        Task<bool> third = journal.WhenDurableAsync(3, Timeout.InfiniteTimeSpan).AsTask(), second = journal.WhenDurableAsync(2, Waiting.Limit).AsTask();
        journal.Advance(2);
        Assert.True(await second.Within());
        Assert.False(third.IsCompleted);
        journal.Advance(1); // never back
        Assert.Equal(2u, journal.DurableSeq);
        journal.Advance(9);
        Assert.True(await third.Within());
        Assert.True(await journal.WhenDurableAsync(9, TimeSpan.Zero).AsTask().Within());
    }

    [Fact]
    public async Task WhenDurable_TheJournalIsTooLate_EndsWithFalse()
    {
        var time = new FakeTime();
        Task<bool> waits = new CallJournal(Durability.Shared, time).WhenDurableAsync(1, TimeSpan.FromSeconds(1)).AsTask();
        time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(waits.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.False(await waits.Within());
    }

    [Fact]
    public async Task Release_BehindTheEnd_AsksForNoWriteOfItsOwn()
    {
        await using TestServer server = await TestServer.StartAsync();
        CallJournal journal = Of(server);
        journal.Append(1, new byte[60], default, default);
        journal.Take().Return();
        journal.Release();
        Assert.True(journal.Take().Released);
        journal.Append(2, new byte[60], default, default, endsWith: [1]);
        journal.Take().Return();
        journal.Release();
        Assert.False(journal.Take().Released);
    }

    /// <summary>A call of a writer that has no store, and so takes nothing.</summary>
    internal static CallJournal Of(TestServer server)
    {
        var claim = new Claim(new CallKey("", "c"), ClaimMode.New, 1, 1, new CallOpening([], null, "", "", 0));
        return new CallJournal(server.Service<JournalWriter>(), claim, callNo: 1, epoch: 1, TimeProvider.System);
    }

    [Fact]
    public async Task FlushQueue_ManyWait_AreAnsweredInOrder_AndTheLastOnesAsOne()
    {
        var journal = new CallJournal(Durability.Node, TimeProvider.System);
        var control = new StreamControl(0);
        var queue = new FlushQueue(journal, control);
        for (uint seq = 1; seq <= 100; seq++) Assert.False(queue.IsFlushed(seq));
        journal.Advance(2);
        await Waiting.UntilAsync(control.TakeFlushNotice);
        Assert.Equal(2, queue.TakeFlushed());
        journal.Advance(99);
        await Waiting.UntilAsync(control.TakeFlushNotice);
        Assert.Equal(FlushQueue.Capacity - 3, queue.TakeFlushed());
        Assert.False(queue.IsFlushed(99)); // behind the one that stands for 64 to 100
        journal.Advance(100);
        await Waiting.UntilAsync(control.TakeFlushNotice);
        Assert.Equal(2, queue.TakeFlushed());
        Assert.True(queue.IsFlushed(100));
    }
}
