using System.Threading.Channels;

namespace RetentionScore.Client;

/// <summary>
/// Wakes one loop. A signal that comes while the loop works is kept for its next wait, and several are one: the loop looks at everything each time.
/// <see cref="Set"/> is safe for any thread.
/// </summary>
internal sealed class Signal
{
    private readonly Channel<bool> place = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    internal Signal() => SetAction = Set;

    /// <summary><see cref="Set"/>, made once.</summary>
    internal Action SetAction { get; }

    internal void Set() => place.Writer.TryWrite(true);

    internal async ValueTask WaitAsync() => await place.Reader.ReadAsync().ConfigureAwait(false);
}
