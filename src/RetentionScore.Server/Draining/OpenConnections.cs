using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace RetentionScore.Server.Draining;

/// <summary>Every connection to the gRPC port: what does not end by itself can be cut off. Safe for any thread.</summary>
internal sealed class OpenConnections
{
    private readonly ConcurrentDictionary<ConnectionContext, byte> connections = new(ReferenceEqualityComparer.Instance);

    internal ConnectionDelegate Track(ConnectionDelegate next) => async connection =>
    {
        connections.TryAdd(connection, 0);
        try
        {
            await next(connection);
        }
        finally
        {
            connections.TryRemove(connection, out _);
        }
    };

    internal void Abort()
    {
        foreach ((ConnectionContext connection, _) in connections) connection.Abort(new ConnectionAbortedException("the server has stopped"));
    }
}
