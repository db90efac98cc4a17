using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Scoring;

/// <summary>Opens calls with what all of them share. Immutable but for two seams of the tests.</summary>
internal sealed partial class CallFactory(ServerOptions options, PolicySet policies, ILogger<CallFactory> logger)
{
    internal int MaxTextChars => options.Limits.MaxTextChars;

    /// <summary>Called with the seq of each message right before it is scored; a test lets it throw.</summary>
    internal Action<uint>? BeforeScoring { get; set; }

    /// <summary>Called before each message is looked at; a test lets it throw, as a bug outside of scoring would.</summary>
    internal Action? BeforeAnswer { get; set; }

    /// <summary>A new call, or why there is none.</summary>
    internal CallScoring? TryOpen(V1.CallStart start, ICallClock clock, CallJournal journal, out Refusal? refusal)
    {
        refusal = StartCheck.CheckNew(start, policies, out var policy, out var context);
        return refusal is null ? new CallScoring(start, policy, context, clock, this, journal) : null;
    }

    /// <summary>Type and stack only: a message could quote what was said.</summary>
    internal void LogNotEvaluated(string callId, Exception exception) =>
        NotEvaluated(logger, callId, exception.GetType().FullName ?? "", exception.StackTrace ?? "");

    [LoggerMessage(1, LogLevel.Error, "Scoring a message of call {CallId} failed with {ExceptionType}; it keeps its place, and further ones of this call are not logged.\n{Stack}")]
    private static partial void NotEvaluated(ILogger logger, string callId, string exceptionType, string stack);
}
