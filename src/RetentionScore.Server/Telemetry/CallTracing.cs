using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Telemetry;

/// <summary>
/// Which calls are traced, and their spans. The trace of a call is named by a hash of its tenant and id, and so is the choice: every node that has the
/// call traces it, or none does, and all its spans are found together. Spans tell ids, numbers and times, never what was said. Without an endpoint
/// nothing is done at all. Safe for any thread.
/// </summary>
internal sealed class CallTracing : IDisposable
{
    internal const string SourceName = "retentionscore";

    private const int Million = 1_000_000;

    private readonly ActivitySource? source;
    private readonly TelemetryOptions options;

    public CallTracing(ServerOptions server)
    {
        options = server.Telemetry;
        if (options.Endpoint is not null && options.TraceCallsPerMillion > 0) source = new ActivitySource(SourceName);
    }

    /// <summary>The trace of a call.</summary>
    internal CallTrace Of(string tenant, string callId)
    {
        if (source is null) return default;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant}\n{callId}"), hash);
        if (!IsChosen(BinaryPrimitives.ReadUInt64BigEndian(hash[16..]))) return default;
        // No span has this parent's id: nobody knows where a call begins and ends, and every stream that holds it is under the same one.
        ActivitySpanId call = ActivitySpanId.CreateFromBytes(hash[24..]);
        return new CallTrace(source, new ActivityContext(ActivityTraceId.CreateFromBytes(hash[..16]), call, ActivityTraceFlags.Recorded), options.SlowUtterance);
    }

    /// <summary>A commit of the journal, which is many calls': a trace of its own, chosen like calls, and always where it was slow.</summary>
    internal void Committed(TimeSpan took, int calls, long bytes)
    {
        if (source is null || took < JournalSlow && !IsChosen((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue))) return;
        using Activity? span = source.StartActivity("journal commit", ActivityKind.Internal, default(ActivityContext), startTime: DateTimeOffset.UtcNow - took);
        span?.SetTag("retentionscore.calls", calls).SetTag("retentionscore.bytes", bytes);
    }

    public void Dispose() => source?.Dispose();

    private static TimeSpan JournalSlow => TimeSpan.FromSeconds(1);

    private bool IsChosen(ulong drawn) => drawn % Million < (ulong)options.TraceCallsPerMillion;
}

/// <summary>The spans of one call; off where the call is not traced. Immutable.</summary>
internal readonly struct CallTrace
{
    private readonly ActivitySource? source;
    private readonly ActivityContext call;
    private readonly TimeSpan slow;

    internal CallTrace(ActivitySource source, ActivityContext call, TimeSpan slow)
    {
        this.source = source;
        this.call = call;
        this.slow = slow;
    }

    internal bool IsOn => source is not null;

    /// <summary>Begins a span, under the one of this call that is under way, if any; whoever begins it disposes of it.</summary>
    internal Activity? Begin(string name, string callId)
    {
        if (source is null) return null;
        Activity? current = Activity.Current;
        bool isUnderWay = current is not null && current.TraceId == call.TraceId;
        Activity? span = source.StartActivity(name, ActivityKind.Internal, isUnderWay ? current!.Context : call);
        span?.SetTag("retentionscore.call_id", callId);
        return span;
    }

    /// <summary>An utterance was answered: a span of it where that took long.</summary>
    internal void Utterance(CallFrame frame, in Receipt receipt)
    {
        TimeSpan took = receipt.Queued + receipt.Scored;
        if (source is null || took < slow) return;
        using Activity? span = source.StartActivity("utterance", ActivityKind.Internal, call, startTime: DateTimeOffset.UtcNow - took);
        span?.SetTag("retentionscore.seq", frame.Seq).SetTag("retentionscore.interim", frame.Interim)
            .SetTag("retentionscore.queue_us", receipt.QueueUs).SetTag("retentionscore.score_us", receipt.ScoreUs);
    }
}
