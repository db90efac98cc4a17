using System.Globalization;
using Google.Rpc;
using Grpc.Core;

namespace RetentionScore.Cli.Replay;

/// <summary>Why a server, or what stands before it, ended an attachment, and whether it is worth trying again. Immutable.</summary>
/// <param name="Code">The gRPC status.</param>
/// <param name="Reason">The contract's reason; empty where the status came from a library or a proxy.</param>
/// <param name="Message">For a person.</param>
/// <param name="RetryAfter">What the server asks to wait; null where it does not say.</param>
internal sealed record ServerRefusal(StatusCode Code, string Reason, string Message, TimeSpan? RetryAfter)
{
    private const string DetailsKey = "grpc-status-details-bin";

    /// <summary>docs/protocol.md, statuses: what has no reason of ours comes from the way there and is tried again.</summary>
    public bool CanRetry => Reason switch
    {
        "" => Code is not (StatusCode.Unimplemented or StatusCode.InvalidArgument or StatusCode.Unauthenticated or StatusCode.PermissionDenied),
        "SEQUENCE_GAP" or "TOO_MANY" or "SLOW_CONSUMER" or "DRAINING" or "NOT_READY" or "IDLE" or "INTERNAL" => true,
        _ => false,
    };

    /// <summary>Reads a status with its details.</summary>
    public static ServerRefusal Of(RpcException ended)
    {
        ErrorInfo? info = null; // its Type is what the contract calls reason: field 1 under its first name
        RetryInfo? retry = null;
        if (ended.Trailers.FirstOrDefault(entry => entry is { IsBinary: true, Key: DetailsKey }) is { } details)
        {
            foreach (var detail in Google.Rpc.Status.Parser.ParseFrom(details.ValueBytes).Details)
            {
                if (detail.Is(ErrorInfo.Descriptor)) info = detail.Unpack<ErrorInfo>();
                else if (detail.Is(RetryInfo.Descriptor)) retry = detail.Unpack<RetryInfo>();
            }
        }

        return new ServerRefusal(ended.StatusCode, info?.Type ?? "", ended.Status.Detail, retry?.RetryDelay?.ToTimeSpan());
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Reason.Length > 0 ? Reason : Code.ToString())}: {Message}");
}
