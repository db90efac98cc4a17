using RetentionScore.Server.Overload;

namespace RetentionScore.Server.Tests.Overload;

public sealed class AllowanceTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void TryTake_OneSecondsWorthAtOnce_ThenAsTimePasses()
    {
        var time = new FakeTime();
        var allowance = new Allowance(10, time);
        for (int i = 0; i < 10; i++) Assert.True(allowance.TryTake(out _));
        Assert.False(allowance.TryTake(out TimeSpan wait));
        Assert.Equal(0.1 * Second, wait);
        time.Advance(0.1 * Second);
        Assert.True(allowance.TryTake(out _));
        Assert.False(allowance.TryTake(out _));
        time.Advance(100 * Second);
        for (int i = 0; i < 10; i++) Assert.True(allowance.TryTake(out _));
        Assert.False(allowance.TryTake(out _));
    }

    [Fact]
    public void TryTake_ThoseTurnedAway_AreToldOnePlaceEach()
    {
        var allowance = new Allowance(10, new FakeTime());
        for (int i = 0; i < 10; i++) Assert.True(allowance.TryTake(out _));
        var told = new List<TimeSpan>();
        for (int i = 0; i < 1000; i++)
        {
            Assert.False(allowance.TryTake(out TimeSpan wait));
            told.Add(wait);
        }

        Assert.Equal([0.1 * Second, 0.2 * Second, 0.3 * Second], told.Take(3));
        Assert.Equal(TimeSpan.FromMinutes(1), told[^1]);
    }

    [Fact]
    public void TryTake_WhoComesWhenTold_IsTaken()
    {
        var time = new FakeTime();
        var allowance = new Allowance(100, time);
        for (int i = 0; i < 100; i++) Assert.True(allowance.TryTake(out _));
        var waits = new List<TimeSpan>();
        for (int i = 0; i < 300; i++)
        {
            allowance.TryTake(out TimeSpan wait);
            waits.Add(wait);
        }

        TimeSpan passed = TimeSpan.Zero;
        foreach (TimeSpan wait in waits)
        {
            time.Advance(wait - passed);
            passed = wait;
            Assert.True(allowance.TryTake(out _));
        }
    }

    [Fact]
    public void Spend_BeyondASecondsWorth_IsADebtUntilItIsPaid()
    {
        var time = new FakeTime();
        var allowance = new Allowance(1000, time);
        allowance.Spend(1000);
        Assert.Equal(TimeSpan.Zero, allowance.Debt);
        allowance.Spend(2000);
        Assert.Equal(2 * Second, allowance.Debt);
        time.Advance(1.5 * Second);
        Assert.Equal(0.5 * Second, allowance.Debt);
        time.Advance(0.5 * Second);
        Assert.Equal(TimeSpan.Zero, allowance.Debt);
    }

    [Fact]
    public void Spend_ByManyThreads_IsCountedWhole()
    {
        var time = new FakeTime();
        var allowance = new Allowance(1000, time);
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 1000; i++) allowance.Spend(1);
        });
        Assert.Equal(7 * Second, allowance.Debt);
    }
}
