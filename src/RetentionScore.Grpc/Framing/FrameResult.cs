using Grpc.Core;

namespace Grpc.Framing;

/// <summary>What became of bytes that should start with a frame.</summary>
internal enum FrameResult
{
    /// <summary>A whole message.</summary>
    Message,

    /// <summary>No fault so far; more bytes are needed.</summary>
    Incomplete,

    /// <summary>The flag is neither 0 nor 1.</summary>
    UnknownFlag,

    /// <summary>Longer than the limit, as it came or once decompressed.</summary>
    TooLarge,

    /// <summary>The stream ended inside a frame.</summary>
    Truncated,

    /// <summary>Flagged as compressed in a stream that named no encoding, or identity.</summary>
    NotEncoded,

    /// <summary>Flagged as compressed in an encoding that is not offered here.</summary>
    UnknownEncoding,

    /// <summary>Does not decompress.</summary>
    Corrupt,
}

/// <summary>The statuses of broken frames.</summary>
internal static class FrameFaults
{
    internal static Status ToStatus(this FrameResult fault, string? encoding) => fault switch
    {
        FrameResult.UnknownFlag => new(StatusCode.Internal, "Unexpected compressed flag value in message header."),
        FrameResult.TooLarge => new(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."),
        FrameResult.Truncated => new(StatusCode.Internal, "Incomplete message."),
        FrameResult.NotEncoded => new(StatusCode.Internal, "A message is flagged as compressed, but grpc-encoding names no compression."),
        FrameResult.UnknownEncoding => new(
            StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {MessageEncoding.Offered}"),
        FrameResult.Corrupt => new(StatusCode.Internal, "A compressed message does not decompress."),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault."),
    };
}
