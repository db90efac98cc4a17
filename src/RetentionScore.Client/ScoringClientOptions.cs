using Grpc.Net.Client;

namespace RetentionScore.Client;

/// <summary>How a client behaves. Immutable; read once by <see cref="ScoringClient"/>, which checks it.</summary>
public sealed record ScoringClientOptions
{
    /// <summary>
    /// The longest that <see cref="ScoredCall.SendAsync(V1.Utterance, CancellationToken)"/> waits for the answer and
    /// <see cref="ScoringClient.StartCallAsync(V1.CallStart, CancellationToken)"/> for the opening. 0 (never waits) to 1 min, default 200 ms.
    /// </summary>
    public TimeSpan SendLimit { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest that <see cref="ScoredCall.EndAsync"/> waits for the summary unless it is told. 0 to 1 h, default 10 s.</summary>
    public TimeSpan EndLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For how long a call that has ended asks again for its summary where the server's journal does not have all of it, and keeps what it lacks. Its
    /// status says ENDED then, durable or not; <see cref="CallNotice.SummaryNotDurable"/> tells. 0 (the first one counts) to 1 h, default 1 min.
    /// </summary>
    public TimeSpan DurableSummaryLimit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest that one try to open a stream takes. 10 ms to 5 min, default 5 s.</summary>
    public TimeSpan OpenLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A stream on which an answer is due for so long is given up, and its connection with it. 10 ms to 5 min, default 10 s.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The upper end of the first wait before a try to reconnect; each further one doubles it. 1 ms to 1 min, default 100 ms.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The upper end of every wait; tries go on as long as the call lives. <see cref="FirstBackOff"/> to 10 min, default 5 s.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A heartbeat is sent when nothing else was for so long. 10 ms to 20 s, default 15 s.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How many messages a call keeps that the server has not said to be durable; past it the oldest eighth is dropped, which
    /// <see cref="ScoredCall.Noticed"/> tells. 8 to 1,000,000, default 4,096.
    /// </summary>
    public int MaxKeptMessages { get; init; } = 4_096;

    /// <summary>The same bound in bytes on the wire. 1 KiB to 1 GiB, default 4 MiB.</summary>
    public int MaxKeptBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// The bytes that all calls of the client keep together. Past it each call that keeps more than its part drops its oldest eighth with its next
    /// message, so the whole stays under twice this. 64 KiB to 1 TiB, default 256 MiB.
    /// </summary>
    public long MaxKeptBytesInAll { get; init; } = 256L * 1024 * 1024;

    /// <summary>How many updates wait for a reader of <see cref="ScoredCall.Updates"/>; past it the oldest are dropped. 1 to 1,000,000, default 1,024.</summary>
    public int MaxWaitingUpdates { get; init; } = 1_024;

    /// <summary>
    /// The same of all calls of the client together (an update is about 1 KB); past it calls that have more than their part drop theirs. 1 to
    /// 1,000,000,000, default 262,144.
    /// </summary>
    public int MaxWaitingUpdatesInAll { get; init; } = 262_144;

    /// <summary>
    /// Makes the channel to an address: certificates, credentials, pings. Called for each address, and again when its connection has gone silent;
    /// the client disposes of what it returns. Default: pings every 20 s, further connections when one is full, credentials that fit the address.
    /// </summary>
    public Func<Uri, GrpcChannel>? CreateChannel { get; init; }

    /// <summary>Where time comes from. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range; it names it.</exception>
    internal void Check()
    {
        Check(SendLimit, TimeSpan.Zero, TimeSpan.FromMinutes(1), nameof(SendLimit));
        Check(EndLimit, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(EndLimit));
        Check(DurableSummaryLimit, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(DurableSummaryLimit));
        Check(OpenLimit, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5), nameof(OpenLimit));
        Check(AnswerLimit, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5), nameof(AnswerLimit));
        Check(FirstBackOff, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), nameof(FirstBackOff));
        Check(LongestBackOff, FirstBackOff, TimeSpan.FromMinutes(10), nameof(LongestBackOff));
        Check(HeartbeatInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(20), nameof(HeartbeatInterval));
        Check(MaxKeptMessages, 8, 1_000_000, nameof(MaxKeptMessages));
        Check(MaxKeptBytes, 1024, 1024 * 1024 * 1024, nameof(MaxKeptBytes));
        Check(MaxKeptBytesInAll, 64 * 1024, 1L << 40, nameof(MaxKeptBytesInAll));
        Check(MaxWaitingUpdatesInAll, 1, 1_000_000_000, nameof(MaxWaitingUpdatesInAll));
        Check(MaxWaitingUpdates, 1, 1_000_000, nameof(MaxWaitingUpdates));
    }

    private static void Check<T>(T value, T least, T most, string name)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0) throw new ArgumentOutOfRangeException(name, value, $"must be {least} to {most}");
    }
}
