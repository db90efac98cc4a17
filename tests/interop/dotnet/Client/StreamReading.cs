using Grpc.Core;

namespace RetentionScore.Interop.Client;

/// <summary>Reading streams to a point.</summary>
internal static class StreamReading
{
    public static async Task<T> NextAsync<T>(this IAsyncStreamReader<T> responses)
    {
        Check.That(await responses.MoveNext(CancellationToken.None), "the stream ended");
        return responses.Current;
    }

    public static async Task<List<T>> RestAsync<T>(this IAsyncStreamReader<T> responses)
    {
        var all = new List<T>();
        while (await responses.MoveNext(CancellationToken.None)) all.Add(responses.Current);
        return all;
    }
}
