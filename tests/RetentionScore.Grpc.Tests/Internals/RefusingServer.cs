using System.Net;
using System.Net.Sockets;

namespace RetentionScore.Grpc.Tests.Internals;

/// <summary>An HTTP/2 server that drains: it answers the first headers of a connection with GOAWAY, which takes no stream, and closes.</summary>
internal sealed class RefusingServer : IDisposable
{
    private const int PrefaceBytes = 24;
    private const int FrameHeaderBytes = 9;
    private const byte Headers = 1;

    private static readonly byte[] Settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    private static readonly byte[] GoAwayNoError = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    internal RefusingServer()
    {
        listener.Start();
        Address = new Uri($"http://{listener.LocalEndpoint}");
        _ = ServeAsync();
    }

    internal Uri Address { get; }

    public void Dispose() => listener.Dispose();

    private static async Task RefuseAsync(Socket socket)
    {
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.ReadExactlyAsync(new byte[PrefaceBytes]);
            await stream.WriteAsync(Settings);
            var header = new byte[FrameHeaderBytes];
            do
            {
                await stream.ReadExactlyAsync(header);
                await stream.ReadExactlyAsync(new byte[(header[0] << 16) + (header[1] << 8) + header[2]]);
            }
            while (header[3] != Headers);
            await stream.WriteAsync(GoAwayNoError);

            // Read to the end: closed with bytes unread, the connection would be reset and GOAWAY might be lost.
            socket.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(Stream.Null);
        }
        catch (IOException)
        {
            // The client was quicker.
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true) _ = RefuseAsync(await listener.AcceptSocketAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
