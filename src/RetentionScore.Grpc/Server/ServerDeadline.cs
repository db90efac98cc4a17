namespace Grpc.AspNetCore.Server;

/// <summary>The deadline of a call on the server: a timer that is wound up again for times longer than a timer can hold.</summary>
internal sealed class ServerDeadline : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);
    private static readonly DateTime LatestDeadline = DateTime.MaxValue.AddDays(-1);

    private readonly Action expired;
    private readonly long endsAt;
    private readonly Timer timer;

    /// <param name="timeout">More than zero.</param>
    /// <param name="expired">Called once, on a thread of the pool.</param>
    internal ServerDeadline(TimeSpan timeout, Action expired)
    {
        this.expired = expired;
        var now = DateTime.UtcNow;
        At = timeout < LatestDeadline - now ? now + timeout : DateTime.MaxValue;
        endsAt = Environment.TickCount64 + (long)Math.Ceiling(Math.Min(timeout.TotalMilliseconds, long.MaxValue / 2));
        timer = new Timer(static state => ((ServerDeadline)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>In UTC.</summary>
    internal DateTime At { get; }

    internal void Start() => Wind(Math.Max(1, endsAt - Environment.TickCount64));

    public void Dispose() => timer.Dispose();

    private void Tick()
    {
        var rest = endsAt - Environment.TickCount64;
        if (rest > 0) Wind(rest);
        else expired();
    }

    private void Wind(long milliseconds) =>
        timer.Change(TimeSpan.FromMilliseconds(Math.Min(milliseconds, LongestTimer.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
}
