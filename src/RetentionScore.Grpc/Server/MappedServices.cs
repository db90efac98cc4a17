namespace Grpc.AspNetCore.Server;

/// <summary>Marks that gRPC was added, and remembers whether the endpoint for unknown services is mapped.</summary>
internal sealed class MappedServices
{
    private readonly HashSet<string> fallbacks = new(StringComparer.Ordinal);

    /// <summary>Whether this is the first time that the fallback of a pattern is asked for.</summary>
    internal bool AddFallback(string pattern) => fallbacks.Add(pattern);
}
