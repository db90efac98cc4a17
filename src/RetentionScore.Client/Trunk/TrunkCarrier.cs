using Grpc.Core;

namespace RetentionScore.Client;

/// <summary>
/// Carries calls on lines, one or several to each node. A line that has ended, drains or is full is followed by another; where one failed before the
/// server said anything, the next is tried later and later, and calls that come meanwhile are refused at once: they have other nodes to go to, or
/// wait. Safe for any thread.
/// </summary>
internal sealed class TrunkCarrier(Nodes nodes, int linesPerNode, ScoringClientOptions options) : ICarrier
{
    private const int LeastBytes = 256;
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    private readonly TimeProvider time = options.TimeProvider;
    private readonly BackOff backOff = new(options.FirstBackOff, options.LongestBackOff);
    private readonly string id = Guid.NewGuid().ToString("N");
    private readonly Lock gate = new();
    private readonly Place[] places = [.. Enumerable.Range(0, nodes.Count * linesPerNode).Select(_ => new Place())];
    private readonly HashSet<TrunkLine> lines = [];
    private bool isClosed;
    private volatile BatchBound batch = new(128, 32 * 1024);

    /// <summary>The most of a request; a single message may be more. Smaller once a server has refused it.</summary>
    internal (int Messages, int Bytes) Batch => (batch.Messages, batch.Bytes);

    public IAttachment? Attach(uint node, string callId, Signal signal, out CallRefusal? refusal)
    {
        int at = (int)(node % (uint)nodes.Count) * linesPerNode + (int)(Spread(callId) % (uint)linesPerNode);
        lock (gate)
        {
            refusal = CallRefusal.Closed;
            if (isClosed) return null;
            Place place = places[at];
            if (place.Line?.TryAttach(signal) is { } channel) return channel;
            if (place.Why is not null && time.GetElapsedTime(time.GetTimestamp(), place.OpenAt) is var wait && wait > TimeSpan.Zero)
            {
                refusal = CallRefusal.Own($"the trunk is opened again in a moment, it ended: {place.Why}") with { RetryAfter = nodes.Count == 1 ? wait : null };
                return null;
            }

            if (nodes.Enter(node) is not { } connection) return null;
            try
            {
                var line = new TrunkLine(nodes, connection, this, $"{id}-{at}", time);
                lines.Add(line);
                place.Line = line;
                line.Run();
                return line.TryAttach(signal);
            }
            catch (Exception exception) when (exception is InvalidOperationException or RpcException)
            {
                connection.Leave();
                refusal = CallRefusal.Own(exception.Message);
                return null;
            }
        }
    }

    /// <summary>Of the line, once.</summary>
    internal void HasEnded(TrunkLine line, CallRefusal refusal)
    {
        lock (gate)
        {
            lines.Remove(line);
            if (string.Equals(refusal.Reason, "INVALID_MESSAGE", StringComparison.Ordinal))
                batch = new BatchBound(Math.Max(1, batch.Messages / 2), Math.Max(LeastBytes, batch.Bytes / 2));
            if (Array.Find(places, place => ReferenceEquals(place.Line, line)) is not { } ended) return;
            ended.Line = null;
            ended.Failures = line.HasHeard ? 0 : ended.Failures + 1;
            ended.Why = line.HasHeard ? null : refusal;
            TimeSpan wait = backOff.Delay(Math.Max(0, ended.Failures - 1), refusal.RetryAfter, Random.Shared.NextDouble());
            ended.OpenAt = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
        }
    }

    /// <summary>Half-closes all lines, and waits for their servers a little.</summary>
    internal Task CloseAsync()
    {
        TrunkLine[] left;
        lock (gate)
        {
            isClosed = true;
            left = [.. lines];
        }

        return Task.WhenAll(left.Select(line => line.CloseAsync(CloseLimit)));
    }

    /// <summary>Other bits than those that chose the node.</summary>
    private static uint Spread(string callId)
    {
        uint hash = 2166136261;
        foreach (char c in callId) hash = (hash ^ c) * 16777619;
        return (hash ^ hash >> 15) * 2246822519 >> 16;
    }

    /// <summary>Where a line is, or was.</summary>
    private sealed class Place
    {
        internal TrunkLine? Line { get; set; }

        internal int Failures { get; set; }

        internal CallRefusal? Why { get; set; }

        internal long OpenAt { get; set; }
    }

    private sealed record BatchBound(int Messages, int Bytes);
}
