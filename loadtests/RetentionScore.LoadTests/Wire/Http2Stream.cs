namespace RetentionScore.LoadTests.Wire;

/// <summary>Whose stream it is: told of every message and of the end, both once. On the loop's thread.</summary>
internal interface IStreamOwner
{
    /// <summary>A whole gRPC message, without its five bytes of header; valid until it returns.</summary>
    void Received(ReadOnlySpan<byte> message, long now);

    /// <summary>The stream is over.</summary>
    /// <param name="status">grpc-status; below 0 where there was none.</param>
    /// <param name="why">grpc-message, or what happened to the connection.</param>
    void Ended(int status, string why);
}

/// <summary>One gRPC call of a connection. For the loop's thread.</summary>
internal sealed class Http2Stream(int id, IStreamOwner owner, long sendWindow)
{
    private byte[] partial = [];
    private int partialCount;

    internal int Id => id;

    internal IStreamOwner Owner => owner;

    /// <summary>Bytes that the server still takes; may be below 0 after its SETTINGS.</summary>
    internal long SendWindow { get; set; } = sendWindow;

    /// <summary>Bytes received that the server has not been told of.</summary>
    internal int Unacknowledged { get; set; }

    /// <summary>What the window does not let through yet, frame by frame.</summary>
    internal Queue<(byte[] Payload, bool IsLast)>? Held { get; set; }

    /// <summary>Takes the payload of a DATA frame apart.</summary>
    internal void Take(ReadOnlySpan<byte> payload, long now)
    {
        if (partialCount == 0)
        {
            payload = payload[Deliver(payload, now)..];
            if (payload.IsEmpty) return;
        }

        if (partial.Length - partialCount < payload.Length) Array.Resize(ref partial, Math.Max(partial.Length * 2, partialCount + payload.Length));
        payload.CopyTo(partial.AsSpan(partialCount));
        partialCount += payload.Length;
        int taken = Deliver(partial.AsSpan(0, partialCount), now);
        partial.AsSpan(taken, partialCount - taken).CopyTo(partial);
        partialCount -= taken;
    }

    private int Deliver(ReadOnlySpan<byte> bytes, long now)
    {
        int at = 0;
        while (bytes.Length - at >= GrpcFrame.HeaderSize)
        {
            int length = GrpcFrame.Length(bytes[at..]);
            if (bytes.Length - at - GrpcFrame.HeaderSize < length) break;
            owner.Received(bytes.Slice(at + GrpcFrame.HeaderSize, length), now);
            at += GrpcFrame.HeaderSize + length;
        }

        return at;
    }
}
