using Grpc.Net.Client;
using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>A channel to a node, shared by calls; disposed of when it is retired and the last of them has left. Safe for any thread.</summary>
internal sealed class Connection(Uri address, GrpcChannel channel)
{
    private readonly Lock gate = new();
    private int users;
    private bool isRetired;

    internal Uri Address => address;

    internal ScoringService.ScoringServiceClient Service { get; } = new(channel);

    internal bool TryEnter()
    {
        lock (gate)
        {
            if (isRetired) return false;
            users++;
            return true;
        }
    }

    internal void Leave()
    {
        lock (gate)
        {
            users--;
            if (!isRetired || users > 0) return;
        }

        channel.Dispose();
    }

    /// <param name="atOnce">Whether calls on it are cut off.</param>
    internal void Retire(bool atOnce)
    {
        lock (gate)
        {
            isRetired = true;
            if (users > 0 && !atOnce) return;
        }

        channel.Dispose();
    }
}

/// <summary>The nodes that a client knows, and one connection to each that is in use. Safe for any thread.</summary>
internal sealed class Nodes : IDisposable
{
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(10);

    private readonly Uri[] addresses;
    private readonly Connection?[] connections;
    private readonly Func<Uri, GrpcChannel> create;
    private readonly Lock gate = new();
    private bool isDisposed;

    /// <exception cref="ArgumentException">There is none, or one is not an http or https address.</exception>
    internal Nodes(IReadOnlyList<Uri> addresses, Func<Uri, GrpcChannel>? create)
    {
        if (addresses.Count == 0) throw new ArgumentException("There must be one address at least.", nameof(addresses));
        foreach (Uri address in addresses)
        {
            if (address is not { IsAbsoluteUri: true, Scheme: "http" or "https", Host.Length: > 0 })
                throw new ArgumentException($"The address '{address}' is neither http nor https.", nameof(addresses));
        }

        this.addresses = [.. addresses];
        this.create = create ?? Create;
        connections = new Connection?[addresses.Count];
    }

    internal int Count => addresses.Length;

    /// <summary>The connection to a node, entered; null when the client is disposed of.</summary>
    /// <param name="index">Any number: it goes round.</param>
    internal Connection? Enter(uint index)
    {
        uint at = index % (uint)addresses.Length;
        lock (gate)
        {
            while (!isDisposed)
            {
                Connection connection = connections[at] ??= new Connection(addresses[at], create(addresses[at]));
                if (connection.TryEnter()) return connection;
                connections[at] = null;
            }

            return null;
        }
    }

    /// <summary>
    /// A connection has gone silent: new streams get another one. HTTP/2 would put them on the same, dead one until its ping has failed.
    /// </summary>
    internal void Retire(Connection connection)
    {
        lock (gate)
        {
            int at = Array.IndexOf(connections, connection);
            if (at >= 0) connections[at] = null;
        }

        connection.Retire(atOnce: false);
    }

    public void Dispose()
    {
        Connection?[] left;
        lock (gate)
        {
            isDisposed = true;
            left = [.. connections];
            Array.Clear(connections);
        }

        foreach (Connection? connection in left) connection?.Retire(atOnce: true);
    }

    private static GrpcChannel Create(Uri address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingLimit,
            ConnectTimeout = PingLimit,
        },
        DisposeHttpClient = true,
    });
}
