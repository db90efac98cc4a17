using System.Globalization;
using Google.Rpc;
using Grpc.Core;

namespace RetentionScore.Client;

/// <summary>Why a server, or what stands before it, ended a stream. Immutable.</summary>
/// <param name="Code">The gRPC status.</param>
/// <param name="Reason">The contract's reason (docs/protocol.md); empty where the status came from a library or a proxy.</param>
/// <param name="Message">For a person.</param>
public sealed record CallRefusal(StatusCode Code, string Reason, string Message)
{
    private const string Domain = "retentionscore";
    private const string DetailsKey = "grpc-status-details-bin";

    /// <summary>What the server asks to wait; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The next seq that the server expects, with SEQUENCE_GAP and HISTORY_LOST; 0 where it does not say.</summary>
    public uint NextSeq { get; init; }

    /// <summary>The member that is wrong; empty where none is named.</summary>
    public string Field { get; init; } = "";

    /// <summary>What the contract asks a client to do.</summary>
    internal NextStep NextStep => Reason switch
    {
        "INVALID_MESSAGE" or "UNKNOWN_POLICY" or "CALL_EXISTS" or "CALL_ENDED" or "UNAUTHENTICATED" or "FORBIDDEN" => NextStep.GiveUp,
        "SUPERSEDED" => NextStep.Superseded,
        "HISTORY_LOST" => NextStep.ElsewhereOnce,
        "IDLE" => NextStep.ReopenWhenNeeded,
        // What has no reason of ours, or one of a later version, is tried again.
        _ => NextStep.Reopen,
    };

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Reason.Length > 0 ? Reason : Code.ToString())}: {Message}");

    /// <summary>The client, or its trunk, is disposed of.</summary>
    internal static CallRefusal Closed { get; } = new(StatusCode.Cancelled, "CALL_ENDED", "the client was disposed of");

    /// <summary>Of this side's own making.</summary>
    internal static CallRefusal Own(string message) => new(StatusCode.Unavailable, "", message);

    /// <summary>The error of one call on a trunk.</summary>
    internal static CallRefusal Of(V1.CallError error) => new((StatusCode)error.Code, error.Reason, error.Message)
    {
        RetryAfter = error.RetryAfterMs > 0 ? TimeSpan.FromMilliseconds(error.RetryAfterMs) : null,
        NextSeq = error.NextSeq,
        Field = error.Field,
    };

    /// <summary>Reads a status with its details.</summary>
    internal static CallRefusal Of(RpcException ended)
    {
        ErrorInfo? info = null;
        RetryInfo? retry = null;
        if (ended.Trailers.FirstOrDefault(entry => entry is { IsBinary: true, Key: DetailsKey }) is { } details) Read(details.ValueBytes, ref info, ref retry);

        // Field 1 of ErrorInfo, the reason, under the first name that these bindings know.
        return new CallRefusal(ended.StatusCode, info?.Type ?? "", ended.Status.Detail)
        {
            RetryAfter = retry?.RetryDelay?.ToTimeSpan() is { } wait && wait > TimeSpan.Zero ? wait : null,
            NextSeq = info is not null && info.Metadata.TryGetValue("next_seq", out string? next)
                && uint.TryParse(next, NumberStyles.None, CultureInfo.InvariantCulture, out uint seq) ? seq : 0,
            Field = info is not null && info.Metadata.TryGetValue("field", out string? field) ? field : "",
        };
    }

    private static void Read(byte[] bytes, ref ErrorInfo? info, ref RetryInfo? retry)
    {
        try
        {
            foreach (var detail in Google.Rpc.Status.Parser.ParseFrom(bytes).Details)
            {
                if (detail.Is(RetryInfo.Descriptor)) retry = detail.Unpack<RetryInfo>();
                else if (detail.Is(ErrorInfo.Descriptor) && detail.Unpack<ErrorInfo>() is { Domain: Domain } ours) info = ours;
            }
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            // Somebody else's details: a status without a reason of ours.
        }
    }
}

/// <summary>What a refusal asks for.</summary>
internal enum NextStep
{
    GiveUp,
    Superseded,
    Reopen,
    ReopenWhenNeeded,
    ElsewhereOnce,
}
