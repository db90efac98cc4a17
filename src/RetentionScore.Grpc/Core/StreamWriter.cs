namespace Grpc.Core;

/// <summary>Writes messages to the other side. One write at a time: the next may start when the task of the one before has ended.</summary>
/// <typeparam name="T">The message.</typeparam>
public interface IAsyncStreamWriter<in T>
{
    /// <summary>How the following messages are written; null for the defaults.</summary>
    WriteOptions? WriteOptions { get; set; }

    /// <summary>Writes a message.</summary>
    /// <param name="message">The message; may be changed again when the task has ended.</param>
    /// <returns>Ends when the message is handed to the transport.</returns>
    /// <exception cref="InvalidOperationException">Another write is in progress, or the call has ended.</exception>
    Task WriteAsync(T message);

    /// <summary>Writes a message.</summary>
    /// <param name="message">The message; may be changed again when the task has ended.</param>
    /// <param name="cancellationToken">Cancels the whole call.</param>
    /// <returns>Ends when the message is handed to the transport.</returns>
    /// <exception cref="InvalidOperationException">Another write is in progress, or the call has ended.</exception>
    Task WriteAsync(T message, CancellationToken cancellationToken) => cancellationToken.CanBeCanceled
        ? throw new NotSupportedException("Cancellation of stream writes is not supported by this writer.")
        : WriteAsync(message);
}

/// <summary>A server's side of a stream of responses. It ends when the handler returns.</summary>
/// <typeparam name="T">The response.</typeparam>
public interface IServerStreamWriter<in T> : IAsyncStreamWriter<T>
{
}

/// <summary>A client's side of a stream of requests.</summary>
/// <typeparam name="T">The request.</typeparam>
public interface IClientStreamWriter<in T> : IAsyncStreamWriter<T>
{
    /// <summary>Ends the stream of requests (half-close); the responses go on.</summary>
    /// <returns>Ends when the end is handed to the transport.</returns>
    Task CompleteAsync();
}
