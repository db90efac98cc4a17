using System.Collections.Concurrent;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Host;

/// <summary>How calls ended for the server, by the name that the client gave them. Safe for any thread.</summary>
internal sealed class CallEnds
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<SeenResponse.Types.End>> ends = new(StringComparer.Ordinal);

    public void Report(string call, SeenResponse.Types.End end)
    {
        if (call.Length > 0) Of(call).TrySetResult(end);
    }

    /// <summary>The end, or Unspecified when it does not come in time.</summary>
    public async Task<SeenResponse.Types.End> WaitAsync(string call, TimeSpan wait)
    {
        try
        {
            return await Of(call).Task.WaitAsync(wait);
        }
        catch (TimeoutException)
        {
            return SeenResponse.Types.End.Unspecified;
        }
    }

    private TaskCompletionSource<SeenResponse.Types.End> Of(string call) =>
        ends.GetOrAdd(call, _ => new TaskCompletionSource<SeenResponse.Types.End>(TaskCreationOptions.RunContinuationsAsynchronously));
}
