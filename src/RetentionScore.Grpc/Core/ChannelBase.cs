namespace Grpc.Core;

/// <summary>A channel to a server, over which any number of calls go at once.</summary>
public abstract class ChannelBase
{
    /// <summary>Names the server.</summary>
    /// <param name="target">Host and port.</param>
    protected ChannelBase(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        Target = target;
    }

    /// <summary>Host and port.</summary>
    public string Target { get; }

    /// <summary>What makes calls over this channel.</summary>
    /// <returns>An invoker; as long-lived as the channel.</returns>
    public abstract CallInvoker CreateCallInvoker();

    /// <summary>Closes the channel and cancels the calls on it.</summary>
    /// <returns>Ends when it is closed.</returns>
    public Task ShutdownAsync() => ShutdownAsyncCore();

    /// <summary>Closes the channel; does nothing unless overridden.</summary>
    /// <returns>Ends when it is closed.</returns>
    protected virtual Task ShutdownAsyncCore() => Task.CompletedTask;
}
