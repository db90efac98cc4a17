using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RetentionScore.Client.Tests;

/// <summary>A TCP relay before a server that cuts, delays, swallows or refuses, as networks do.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, byte> sockets = [];
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;
    private volatile IPEndPoint target;
    private volatile bool isRefusing;
    private volatile bool isSwallowing;
    private volatile int delayMs;
    private int accepted;

    internal Relay(Uri to)
    {
        target = new IPEndPoint(IPAddress.Loopback, to.Port);
        listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        accepting = AcceptAsync();
    }

    internal Uri Address { get; }

    /// <summary>Connections accepted so far.</summary>
    internal int Accepted => Volatile.Read(ref accepted);

    /// <summary>Where new connections go.</summary>
    internal void PointTo(Uri to) => target = new IPEndPoint(IPAddress.Loopback, to.Port);

    /// <summary>Every connection is reset.</summary>
    internal void Cut()
    {
        foreach ((Socket socket, _) in sockets) Reset(socket);
    }

    /// <summary>New connections are reset at once.</summary>
    internal bool IsRefusing
    {
        set => isRefusing = value;
    }

    /// <summary>Everything that comes on connections of now and later disappears, without a word to either side.</summary>
    internal bool IsSwallowing
    {
        set => isSwallowing = value;
    }

    /// <summary>Holds every piece up for so long.</summary>
    internal TimeSpan Delay
    {
        set => delayMs = (int)value.TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        Cut();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // It was quicker.
        }
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            Socket near = await listener.AcceptSocketAsync(stop.Token);
            Interlocked.Increment(ref accepted);
            if (isRefusing) Reset(near);
            else _ = RelayAsync(near);
        }
    }

    private async Task RelayAsync(Socket near)
    {
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        sockets[near] = sockets[far] = 0;
        try
        {
            await far.ConnectAsync(target, stop.Token);
            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The server is not there.
        }
        finally
        {
            Reset(near);
            Reset(far);
            sockets.TryRemove(near, out _);
            sockets.TryRemove(far, out _);
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        byte[] piece = new byte[64 * 1024];
        try
        {
            while (true)
            {
                int length = await from.ReceiveAsync(piece, stop.Token);
                if (length == 0) return;
                if (delayMs is > 0 and var ms) await Task.Delay(ms, stop.Token);
                if (isSwallowing) continue;
                await to.SendAsync(piece.AsMemory(0, length), stop.Token);
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut.
        }
    }
}
