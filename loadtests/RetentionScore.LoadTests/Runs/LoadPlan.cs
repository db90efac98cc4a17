using RetentionScore.LoadTests.Calls;

namespace RetentionScore.LoadTests.Runs;

/// <summary>How calls reach the server.</summary>
internal enum Carriage
{
    /// <summary>ScoreCall: a stream for each call.</summary>
    Streams,

    /// <summary>ScoreCalls: many calls on each of a few streams.</summary>
    Trunk,

    /// <summary>The same streams, to a server that sends every message back.</summary>
    Echo,
}

/// <summary>The load: what is sent, how it is spread, how long.</summary>
internal sealed record LoadPlan
{
    internal required Carriage Carriage { get; init; }

    internal required CallScript[] Scripts { get; init; }

    /// <summary>Calls that are open at once.</summary>
    internal required int Calls { get; init; }

    /// <summary>Connections they are spread over; as many trunks.</summary>
    internal required int Connections { get; init; }

    /// <summary>Utterances a second, over all calls.</summary>
    internal required double Rate { get; init; }

    /// <summary>Over which the calls start. Zero: all at once.</summary>
    internal required TimeSpan Ramp { get; init; }

    /// <summary>Before anything is measured; the ramp comes before it.</summary>
    internal required TimeSpan Warmup { get; init; }

    /// <summary>Of a measurement.</summary>
    internal required TimeSpan Duration { get; init; }

    /// <summary>How long a trunk's client waits for company for a message. Zero: what is due at once goes together.</summary>
    internal TimeSpan Linger { get; init; }

    /// <summary>Arrivals come together so often; zero for none of it.</summary>
    internal TimeSpan Burst { get; init; }

    /// <summary>Bytes of answers on a stream before the client must say that it has read some.</summary>
    internal int Window { get; init; } = 1024 * 1024;

    /// <summary>So many calls more, of clients that do not read.</summary>
    internal int SlowCalls { get; init; }

    internal int SlowWindow { get; init; } = 4096;
}
