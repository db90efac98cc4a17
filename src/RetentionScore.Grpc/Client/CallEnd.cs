using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>How a call ended. Without trailers when it was this side that ended it.</summary>
internal sealed record CallEnd(Status Status, Metadata? Trailers)
{
    internal bool IsOk => Status.StatusCode == StatusCode.OK;

    internal RpcException ToException() => new(Status, Trailers ?? Metadata.Empty);

    /// <summary>The exception that already says it, or one of our own.</summary>
    internal RpcException ToException(RpcException thrown) => thrown.StatusCode == Status.StatusCode && string.Equals(thrown.Status.Detail, Status.Detail, StringComparison.Ordinal) ? thrown : ToException();
}
