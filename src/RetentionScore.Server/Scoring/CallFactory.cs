using Google.Protobuf;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Scoring;

/// <summary>Opens calls with what all of them share. Immutable but for two seams of the tests.</summary>
internal sealed partial class CallFactory(ServerOptions options, PolicySet policies, SignalModels models, ILogger<CallFactory> logger)
{
    /// <summary>What calls that ended leave to those that begin.</summary>
    internal IdleMemory Idle { get; } = new();

    internal int MaxTextChars => options.Limits.MaxTextChars;

    /// <summary>Whether the operator wants what was said in the journal, redacted.</summary>
    internal bool StoresText => options.Journal.StoreText;

    /// <summary>Called with the seq of each message right before it is scored; a test lets it throw.</summary>
    internal Action<uint>? BeforeScoring { get; set; }

    /// <summary>Called before each message is looked at; a test lets it throw, as a bug outside of scoring would.</summary>
    internal Action? BeforeAnswer { get; set; }

    /// <summary>A new call, or why there is none.</summary>
    internal CallScoring? TryOpen(V1.CallStart start, ICallClock clock, CallJournal journal, out Refusal? refusal)
    {
        refusal = StartCheck.CheckNew(start, policies, out var policy, out var context);
        return refusal is null ? new CallScoring(start, policy, context, models.Current, clock, this, journal) : null;
    }

    /// <summary>How a call is opened, for the journal; null, and why, where it cannot be.</summary>
    internal CallOpening? Opening(V1.CallStart start, long nowUnixMs, out Refusal? refusal)
    {
        refusal = StartCheck.CheckNew(start, policies, out var policy, out var context);
        if (refusal is not null) return null;
        // What only the stream asked for is no part of the call.
        var kept = new V1.CallStart(start) { Explain = false, ResumeFrom = 0, AcceptLostHistory = false, Attempt = 0 };
        return new CallOpening(kept.ToByteArray(), context.CustomerId, policy.Version, models.Current.Version, nowUnixMs);
    }

    /// <summary>A call from the journal, as it was when its last record was written.</summary>
    /// <param name="stored">What the journal has.</param>
    /// <param name="clock">Set to where it would stand.</param>
    /// <param name="journal">The claim on it.</param>
    /// <param name="isDamaged">Something could not be read; the call is as it was before.</param>
    /// <exception cref="InvalidDataException">It cannot be read how the call was opened.</exception>
    internal CallScoring Restore(StoredCall stored, ICallClock clock, CallJournal journal, out bool isDamaged)
    {
        V1.CallStart start = V1.CallStart.Parser.ParseFrom(stored.Opening.Start);
        if (TryOpen(start, clock, journal, out Refusal? refusal) is not { } call)
            throw new InvalidDataException($"call {start.CallId} was opened with what is no longer known: {refusal!.Message}");
        // What was heard stays as it was heard; from here on it is read by the model of now. Ids of another build's phrases would be other words.
        bool knowsWords = string.Equals(stored.Opening.ModelVersion, call.ModelVersion, StringComparison.Ordinal);
        isDamaged = call.Restore(knowsWords ? stored : stored with { Words = default }, ScoringWorkspace.Current);
        if (isDamaged) Damaged(logger, start.CallId, call.NextSeq - 1);
        return call;
    }

    /// <summary>A call that has ended, as it was kept.</summary>
    internal CallScoring Ended(string callId, in EndedCall kept, ICallClock clock, CallJournal journal) => new(callId, kept, clock, this, journal);

    /// <summary>Type and stack only: a message could quote what was said.</summary>
    internal void LogNotEvaluated(string callId, Exception exception) =>
        NotEvaluated(logger, callId, exception.GetType().FullName ?? "", exception.StackTrace ?? "");

    [LoggerMessage(2, LogLevel.Error, "Records of call {CallId} in the journal are damaged: it is restored up to seq {Seq}.")]
    private static partial void Damaged(ILogger logger, string callId, uint seq);

    [LoggerMessage(1, LogLevel.Error, "Scoring a message of call {CallId} failed with {ExceptionType}; it keeps its place, and further ones of this call are not logged.\n{Stack}")]
    private static partial void NotEvaluated(ILogger logger, string callId, string exceptionType, string stack);
}
