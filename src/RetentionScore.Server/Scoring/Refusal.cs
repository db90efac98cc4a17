using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace RetentionScore.Server.Scoring;

/// <summary>Why a stream ends other than by its client. Each has one thing a client does about it: docs/protocol.md.</summary>
public enum RefusalReason
{
    /// <summary>INVALID_ARGUMENT: the client fixes it.</summary>
    InvalidMessage,
    /// <summary>NOT_FOUND: the client fixes it.</summary>
    UnknownPolicy,
    /// <summary>ALREADY_EXISTS: the client attaches, or takes another id.</summary>
    CallExists,
    /// <summary>FAILED_PRECONDITION: the client opens again and sends from next_seq.</summary>
    SequenceGap,
    /// <summary>FAILED_PRECONDITION: the client tries another node once, then accepts.</summary>
    HistoryLost,
    /// <summary>FAILED_PRECONDITION: the client gives the call up.</summary>
    CallEnded,
    /// <summary>RESOURCE_EXHAUSTED: the client waits and retries.</summary>
    TooMany,
    /// <summary>RESOURCE_EXHAUSTED: the client opens again.</summary>
    SlowConsumer,
    /// <summary>ABORTED: never retried.</summary>
    Superseded,
    /// <summary>UNAVAILABLE: the client reconnects with jitter.</summary>
    Draining,
    /// <summary>UNAVAILABLE: the client reconnects with jitter.</summary>
    NotReady,
    /// <summary>DEADLINE_EXCEEDED: the client opens again when there is something to say.</summary>
    Idle,
    /// <summary>UNAUTHENTICATED: the client fixes it.</summary>
    Unauthenticated,
    /// <summary>PERMISSION_DENIED: the client fixes it.</summary>
    Forbidden,
    /// <summary>INTERNAL: the client reconnects with back-off.</summary>
    Internal,
}

/// <summary>
/// The end of a stream as a value: a status, its reason, and what a program needs to act on it. Immutable. <see cref="End"/> is the one place
/// where it becomes a gRPC status with google.rpc.Status in grpc-status-details-bin.
/// </summary>
/// <param name="Reason">What the client goes by.</param>
/// <param name="Message">For a person: names the field, the value and the limit; never the text of an utterance.</param>
public sealed record Refusal(RefusalReason Reason, string Message)
{
    private const int MaxTold = 64;
    private const string Domain = "retentionscore";
    internal const string DetailsKey = "grpc-status-details-bin";
    private static readonly TimeSpan UsualRetry = TimeSpan.FromSeconds(1);

    /// <summary>With <see cref="RefusalReason.SequenceGap"/> and <see cref="RefusalReason.HistoryLost"/>: the next seq this server expects.</summary>
    public uint? NextSeq { get; init; }

    /// <summary>The member that is wrong.</summary>
    public string? Field { get; init; }

    /// <summary>What it is.</summary>
    public string? Value { get; init; }

    /// <summary>What it may be.</summary>
    public string? Limit { get; init; }

    /// <summary>How long to wait, where waiting helps; told for every reason of <see cref="IsRetried"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same start can succeed later, with nothing changed but the time.</summary>
    public bool IsRetried => Reason is RefusalReason.TooMany or RefusalReason.SlowConsumer or RefusalReason.Draining or RefusalReason.NotReady or RefusalReason.Internal;

    private TimeSpan? Wait => RetryAfter ?? (IsRetried ? UsualRetry : null);

    /// <summary>The contract's name of the reason, e.g. SEQUENCE_GAP.</summary>
    public string Name => NameOf(Reason);

    /// <summary>The status that goes with the reason.</summary>
    public StatusCode Code => Reason switch
    {
        RefusalReason.InvalidMessage => StatusCode.InvalidArgument,
        RefusalReason.UnknownPolicy => StatusCode.NotFound,
        RefusalReason.CallExists => StatusCode.AlreadyExists,
        RefusalReason.SequenceGap or RefusalReason.HistoryLost or RefusalReason.CallEnded => StatusCode.FailedPrecondition,
        RefusalReason.TooMany or RefusalReason.SlowConsumer => StatusCode.ResourceExhausted,
        RefusalReason.Superseded => StatusCode.Aborted,
        RefusalReason.Draining or RefusalReason.NotReady => StatusCode.Unavailable,
        RefusalReason.Idle => StatusCode.DeadlineExceeded,
        RefusalReason.Unauthenticated => StatusCode.Unauthenticated,
        RefusalReason.Forbidden => StatusCode.PermissionDenied,
        _ => StatusCode.Internal,
    };

    /// <summary>A member with a value that cannot be taken.</summary>
    /// <param name="field">The member.</param>
    /// <param name="value">What it is, as it came; null where it is not there. Of what is long only the beginning is told.</param>
    /// <param name="limit">What it may be.</param>
    /// <param name="told">How a person is told what it is; as it is unless given.</param>
    public static Refusal Invalid(string field, string? value, string limit, string? told = null)
    {
        if (value?.Length > MaxTold) value = value[..MaxTold];
        return new(RefusalReason.InvalidMessage, $"{field} is {told ?? (value is null ? "missing" : $"'{value}'")}, must be {limit}")
        {
            Field = field,
            Value = value,
            Limit = limit,
        };
    }

    /// <summary>A message of more bytes than are read. The stack's own status, RESOURCE_EXHAUSTED without a word of what to do, would be tried again for ever.</summary>
    internal static Refusal TooLong(int mostBytes) => Invalid("message", null, $"{mostBytes.ToString(CultureInfo.InvariantCulture)} bytes or less", "longer");

    /// <summary>A gRPC frame that is cut, of a flag that is none, or that does not decompress.</summary>
    internal static Refusal BrokenFrame { get; } = Invalid("frame", null, "whole and well-formed", "broken");

    /// <summary>The contract's name of a reason.</summary>
    public static string NameOf(RefusalReason reason) => reason switch
    {
        RefusalReason.InvalidMessage => "INVALID_MESSAGE",
        RefusalReason.UnknownPolicy => "UNKNOWN_POLICY",
        RefusalReason.CallExists => "CALL_EXISTS",
        RefusalReason.SequenceGap => "SEQUENCE_GAP",
        RefusalReason.HistoryLost => "HISTORY_LOST",
        RefusalReason.CallEnded => "CALL_ENDED",
        RefusalReason.TooMany => "TOO_MANY",
        RefusalReason.SlowConsumer => "SLOW_CONSUMER",
        RefusalReason.Superseded => "SUPERSEDED",
        RefusalReason.Draining => "DRAINING",
        RefusalReason.NotReady => "NOT_READY",
        RefusalReason.Idle => "IDLE",
        RefusalReason.Unauthenticated => "UNAUTHENTICATED",
        RefusalReason.Forbidden => "FORBIDDEN",
        _ => "INTERNAL",
    };

    /// <summary>Makes this the end of a gRPC call. Its handler returns afterwards; nothing is thrown.</summary>
    internal void End(ServerCallContext context)
    {
        context.Status = new Grpc.Core.Status(Code, Message);
        context.ResponseTrailers.Add(DetailsKey, Details().ToByteArray());
    }

    /// <summary>Makes this the whole of an answer to a gRPC request that no service has seen: trailers only.</summary>
    internal void End(HttpResponse response)
    {
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = ((int)Code).ToString(CultureInfo.InvariantCulture);
        // Escapes more than a grpc-message needs; every client reads it.
        response.Headers["grpc-message"] = Uri.EscapeDataString(Message);
        response.Headers[DetailsKey] = Convert.ToBase64String(Details().ToByteArray()).TrimEnd('=');
    }

    /// <summary>The same out of a deserializer, which cannot end a call in another way.</summary>
    internal RpcException ToException() => new(new Grpc.Core.Status(Code, Message), new Metadata { { DetailsKey, Details().ToByteArray() } });

    /// <summary>The same as the error of one call on a trunk.</summary>
    internal V1.CallError ToCallError() => new()
    {
        Code = (int)Code,
        Message = Message,
        Reason = Name,
        NextSeq = NextSeq ?? 0,
        RetryAfterMs = (uint)(Wait?.TotalMilliseconds ?? 0),
        Field = Field ?? "",
    };

    private Google.Rpc.Status Details()
    {
        // Field 1, which these bindings still call by its first name; on the wire it is ErrorInfo.reason.
        var info = new ErrorInfo { Domain = Domain, Type = Name };
        if (NextSeq is { } next) info.Metadata["next_seq"] = next.ToString(CultureInfo.InvariantCulture);
        if (Field is not null) info.Metadata["field"] = Field;
        if (Value is not null) info.Metadata["value"] = Value;
        if (Limit is not null) info.Metadata["limit"] = Limit;
        var status = new Google.Rpc.Status { Code = (int)Code, Message = Message, Details = { Any.Pack(info) } };
        if (Wait is { } wait) status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait) }));
        return status;
    }
}
