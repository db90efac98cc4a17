using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Client;

/// <summary>A loopback TCP proxy that counts bytes: it shows whether what was sent was compressed, which no client says.</summary>
internal sealed class CountingProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly int target;
    private long sent;
    private long received;

    private CountingProxy(int target)
    {
        this.target = target;
        listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Runs the call through a proxy to the port; its result, and the bytes sent and received.</summary>
    public static async Task<(T Result, long Sent, long Received)> CountAsync<T>(
        int port, Func<InteropService.InteropServiceClient, Task<T>> call)
    {
        using var proxy = new CountingProxy(port);
        using var channel = GrpcChannel.ForAddress($"http://{proxy.listener.LocalEndpoint}");
        var result = await call(new InteropService.InteropServiceClient(channel));
        return (result, Volatile.Read(ref proxy.sent), Volatile.Read(ref proxy.received));
    }

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync();
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, target);
                _ = PumpAsync(client, server, count => Interlocked.Add(ref sent, count));
                _ = PumpAsync(server, client, count => Interlocked.Add(ref received, count));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The case is over.
        }
    }

    private static async Task PumpAsync(TcpClient from, TcpClient to, Action<int> count)
    {
        var buffer = new byte[65536];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var read)
            {
                count(read);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Either end has closed.
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
