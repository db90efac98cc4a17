namespace Grpc.Core;

/// <summary>How a channel is secured: in the clear, with TLS, and with which credentials on every call.</summary>
public abstract class ChannelCredentials
{
    private protected ChannelCredentials()
    {
    }

    /// <summary>In the clear; for an <c>http</c> address.</summary>
    public static ChannelCredentials Insecure { get; } = new Plain();

    /// <summary>TLS with the roots of the operating system; for an <c>https</c> address.</summary>
    public static ChannelCredentials SecureSsl { get; } = new Secure(calls: null);

    internal virtual bool IsSecure => false;

    internal virtual CallCredentials? Calls => null;

    /// <summary>TLS and credentials on every call.</summary>
    /// <param name="channelCredentials"><see cref="SecureSsl"/>.</param>
    /// <param name="callCredentials">Added to every call.</param>
    /// <returns>Both together.</returns>
    /// <exception cref="ArgumentException">The channel is in the clear.</exception>
    public static ChannelCredentials Create(ChannelCredentials channelCredentials, CallCredentials callCredentials)
    {
        ArgumentNullException.ThrowIfNull(channelCredentials);
        ArgumentNullException.ThrowIfNull(callCredentials);
        if (!channelCredentials.IsSecure)
        {
            throw new ArgumentException("Call credentials need a channel with TLS.", nameof(channelCredentials));
        }

        return new Secure(callCredentials);
    }

    private sealed class Plain : ChannelCredentials;

    private sealed class Secure(CallCredentials? calls) : ChannelCredentials
    {
        internal override bool IsSecure => true;

        internal override CallCredentials? Calls => calls;
    }
}
