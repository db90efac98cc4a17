using System.Net;
using RetentionScore.LoadTests.Loop;
using RetentionScore.LoadTests.Wire;

namespace RetentionScore.LoadTests.Carriers;

/// <summary>Each call on a stream of its own, the streams spread over connections.</summary>
/// <param name="server">Where to.</param>
/// <param name="path">Of the method.</param>
/// <param name="count">How many connections.</param>
/// <param name="window">Of a stream's answers, in bytes.</param>
/// <param name="reads">Whether answers are read; otherwise the window stays shut once it is full.</param>
internal sealed class StreamCarrier(IPEndPoint server, string path, int count, int window, bool reads = true) : ICarrier
{
    private readonly Http2Connection?[] connections = new Http2Connection?[count];
    private readonly Dictionary<Lane, CallOnStream> calls = [];
    private byte[] frame = new byte[4096];

    public List<Http2Connection> Connections { get; } = [];

    public void Start(Lane lane, ReadOnlySpan<byte> start)
    {
        Http2Connection connection = ConnectionOf(lane.Index);
        var call = new CallOnStream(this, lane, connection);
        call.Stream = connection.Open(path, "call-id", lane.CallId, call);
        calls[lane] = call;
        Send(lane, start, isLast: false);
    }

    public void Send(Lane lane, ReadOnlySpan<byte> request, bool isLast)
    {
        CallOnStream call = calls[lane];
        int length = GrpcFrame.HeaderSize + request.Length;
        if (frame.Length < length) frame = new byte[length * 2];
        GrpcFrame.Write(frame, request.Length);
        request.CopyTo(frame.AsSpan(GrpcFrame.HeaderSize));
        if (call.Stream is not null) call.Connection.Send(call.Stream, frame.AsSpan(0, length), isLast);
    }

    public void Flush()
    {
        foreach (Http2Connection connection in Connections)
        {
            if (connection.HasOutput) connection.Flush();
        }
    }

    public void Cut()
    {
        calls.Clear();
        foreach (Http2Connection connection in Connections) connection.Dispose();
        Connections.Clear();
        Array.Clear(connections);
    }

    private Http2Connection ConnectionOf(int lane)
    {
        // One that the server is closing serves its streams to their end.
        ref Http2Connection? connection = ref connections[lane % count];
        if (connection is { IsOpen: true }) return connection;
        Connections.Add(connection = new Http2Connection(server, window, reads));
        return connection;
    }

    private sealed class CallOnStream(StreamCarrier carrier, Lane lane, Http2Connection connection) : IStreamOwner
    {
        internal Http2Connection Connection => connection;

        internal Http2Stream? Stream { get; set; }

        public void Received(ReadOnlySpan<byte> message, long now) => lane.Received(message, now);

        public void Ended(int status, string why)
        {
            Stream = null;
            // The trailers behind a summary may come when the lane is at its next call.
            if (ReferenceEquals(carrier.calls[lane], this)) lane.Ended(status, why);
        }
    }
}
