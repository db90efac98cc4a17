namespace Grpc.Core;

/// <summary>The base of generated clients, with a way to make a changed copy.</summary>
/// <typeparam name="T">The client.</typeparam>
public abstract class ClientBase<T> : ClientBase
    where T : ClientBase<T>
{
    /// <summary>For test doubles: calls that they do not override throw <see cref="NotImplementedException"/>, as with the official packages.</summary>
    protected ClientBase()
    {
    }

    /// <summary>A client on a channel.</summary>
    /// <param name="channel">The channel.</param>
    protected ClientBase(ChannelBase channel)
        : base(channel)
    {
    }

    /// <summary>A client on an invoker.</summary>
    /// <param name="callInvoker">Makes the calls.</param>
    protected ClientBase(CallInvoker callInvoker)
        : base(callInvoker)
    {
    }

    /// <summary>A client with a configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    protected ClientBase(ClientBaseConfiguration configuration)
        : base(configuration)
    {
    }

    /// <summary>A copy that calls under another authority.</summary>
    /// <param name="host">The authority.</param>
    /// <returns>The copy.</returns>
    public T WithHost(string host) => NewInstance(new ClientBaseConfiguration(Configuration.Invoker, host));

    /// <summary>Creates a client like this one.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <returns>The client.</returns>
    protected abstract T NewInstance(ClientBaseConfiguration configuration);
}

/// <summary>The base of generated clients.</summary>
public abstract class ClientBase
{
    /// <summary>For test doubles: calls that they do not override throw <see cref="NotImplementedException"/>, as with the official packages.</summary>
    protected ClientBase()
        : this(new UnboundInvoker())
    {
    }

    /// <summary>A client on a channel.</summary>
    /// <param name="channel">The channel.</param>
    protected ClientBase(ChannelBase channel)
        : this((channel ?? throw new ArgumentNullException(nameof(channel))).CreateCallInvoker())
    {
    }

    /// <summary>A client on an invoker.</summary>
    /// <param name="callInvoker">Makes the calls.</param>
    protected ClientBase(CallInvoker callInvoker)
        : this(new ClientBaseConfiguration(callInvoker, host: null))
    {
    }

    /// <summary>A client with a configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    protected ClientBase(ClientBaseConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Configuration = configuration;
        CallInvoker = configuration.Bound();
    }

    /// <summary>Makes the calls.</summary>
    protected CallInvoker CallInvoker { get; }

    internal ClientBaseConfiguration Configuration { get; }

    /// <summary>What a client calls with: opaque, handed from one client to its copy.</summary>
    protected internal class ClientBaseConfiguration
    {
        private readonly string? host;

        internal ClientBaseConfiguration(CallInvoker invoker, string? host)
        {
            ArgumentNullException.ThrowIfNull(invoker);
            Invoker = invoker;
            this.host = host;
        }

        internal CallInvoker Invoker { get; }

        internal CallInvoker Bound() => host is null ? Invoker : new HostInvoker(Invoker, host);
    }
}
