namespace Grpc.Core;

/// <summary>What a client says about one call. Immutable; the <c>With</c> members return changed copies.</summary>
public struct CallOptions
{
    /// <summary>Creates options.</summary>
    /// <param name="headers">Sent with the call.</param>
    /// <param name="deadline">When the call ends at the latest, in UTC; null for never.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="writeOptions">How requests are written.</param>
    /// <param name="propagationToken">Not supported by this transport; must be null.</param>
    /// <param name="credentials">Added to the headers, over TLS only.</param>
    public CallOptions(
        Metadata? headers = null,
        DateTime? deadline = null,
        CancellationToken cancellationToken = default,
        WriteOptions? writeOptions = null,
        ContextPropagationToken? propagationToken = null,
        CallCredentials? credentials = null)
    {
        Headers = headers;
        Deadline = deadline;
        CancellationToken = cancellationToken;
        WriteOptions = writeOptions;
        PropagationToken = propagationToken;
        Credentials = credentials;
    }

    /// <summary>Sent with the call.</summary>
    public Metadata? Headers { get; private set; }

    /// <summary>When the call ends at the latest, in UTC; null for never.</summary>
    public DateTime? Deadline { get; private set; }

    /// <summary>Cancels the call.</summary>
    public CancellationToken CancellationToken { get; private set; }

    /// <summary>How requests are written.</summary>
    public WriteOptions? WriteOptions { get; private set; }

    /// <summary>What a server call hands on to its own calls.</summary>
    public ContextPropagationToken? PropagationToken { get; private set; }

    /// <summary>Added to the headers, over TLS only.</summary>
    public CallCredentials? Credentials { get; private set; }

    /// <summary>A copy with other headers.</summary>
    /// <param name="headers">Sent with the call.</param>
    /// <returns>The copy.</returns>
    public readonly CallOptions WithHeaders(Metadata headers) => this with { Headers = headers };

    /// <summary>A copy with another deadline.</summary>
    /// <param name="deadline">When the call ends at the latest, in UTC.</param>
    /// <returns>The copy.</returns>
    public readonly CallOptions WithDeadline(DateTime deadline) => this with { Deadline = deadline };

    /// <summary>A copy with another token.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The copy.</returns>
    public readonly CallOptions WithCancellationToken(CancellationToken cancellationToken) =>
        this with { CancellationToken = cancellationToken };

    /// <summary>A copy with other write options.</summary>
    /// <param name="writeOptions">How requests are written.</param>
    /// <returns>The copy.</returns>
    public readonly CallOptions WithWriteOptions(WriteOptions writeOptions) => this with { WriteOptions = writeOptions };

    /// <summary>A copy with other credentials.</summary>
    /// <param name="credentials">Added to the headers, over TLS only.</param>
    /// <returns>The copy.</returns>
    public readonly CallOptions WithCredentials(CallCredentials credentials) => this with { Credentials = credentials };
}
