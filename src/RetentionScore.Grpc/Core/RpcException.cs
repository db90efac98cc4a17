namespace Grpc.Core;

/// <summary>
/// A call that did not end with OK. Thrown to callers by the client; thrown by a server handler, it is the status the call ends with.
/// </summary>
public class RpcException : Exception
{
    /// <summary>Creates the exception with empty trailers.</summary>
    /// <param name="status">The end of the call.</param>
    public RpcException(Status status)
        : this(status, Metadata.Empty, status.ToString())
    {
    }

    /// <summary>Creates the exception with empty trailers and a message of its own.</summary>
    /// <param name="status">The end of the call.</param>
    /// <param name="message">The exception's message; not sent.</param>
    public RpcException(Status status, string message)
        : this(status, Metadata.Empty, message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="status">The end of the call.</param>
    /// <param name="trailers">Sent by a server, received by a client.</param>
    public RpcException(Status status, Metadata trailers)
        : this(status, trailers, status.ToString())
    {
    }

    /// <summary>Creates the exception with a message of its own.</summary>
    /// <param name="status">The end of the call.</param>
    /// <param name="trailers">Sent by a server, received by a client.</param>
    /// <param name="message">The exception's message; not sent.</param>
    public RpcException(Status status, Metadata trailers, string message)
        : base(message, status.DebugException)
    {
        ArgumentNullException.ThrowIfNull(trailers);
        Status = status;
        Trailers = trailers;
    }

    /// <summary>The end of the call.</summary>
    public Status Status { get; }

    /// <summary>The code of <see cref="Status"/>.</summary>
    public StatusCode StatusCode => Status.StatusCode;

    /// <summary>The trailing metadata; empty when none came.</summary>
    public Metadata Trailers { get; }
}
