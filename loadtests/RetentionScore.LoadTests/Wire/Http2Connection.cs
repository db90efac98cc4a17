using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace RetentionScore.LoadTests.Wire;

/// <summary>
/// A client's side of one HTTP/2 connection (RFC 9113), made for load: everything that is sent between two waits goes out in one write, answers are
/// handed on out of the buffer they were read into, and nothing is allocated for a message. It keeps the server's windows and its own. For the
/// loop's thread alone.
/// </summary>
internal sealed class Http2Connection : IDisposable
{
    private const int FrameHeaderSize = 9, MaxFrame = 16384, ConnectionWindow = 64 * 1024 * 1024, FirstWindow = 65535;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8, Continuation = 9;
    private const byte EndStream = 1, Acknowledge = 1, EndHeaders = 4, Padded = 8, Priority = 0x20;
    private const ushort HeaderTableSize = 1, EnablePush = 2, InitialWindow = 4;

    private readonly Dictionary<int, Http2Stream> streams = [];
    private readonly HashSet<Http2Stream> holding = [];
    private readonly Socket socket;
    private readonly string authority;
    private readonly int streamWindow;
    private readonly bool acknowledges;
    private byte[] output = new byte[1024];
    private byte[] rest = [];
    private byte[] headerBlock = [];
    private int outputStart, outputEnd, restCount, nextId = 1, unacknowledged;
    private int headerStream;
    private bool headersEndStream;
    private long sendWindow = FirstWindow, peerWindow = FirstWindow;

    /// <param name="server">Where to.</param>
    /// <param name="window">Bytes of answers that the server may send on a stream before we say that we have read some.</param>
    /// <param name="acknowledges">Whether we ever say so; otherwise this is a client that does not read.</param>
    internal Http2Connection(IPEndPoint server, int window, bool acknowledges = true)
    {
        authority = server.ToString();
        streamWindow = window;
        this.acknowledges = acknowledges;
        socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };
        try
        {
            socket.Connect(server);
        }
        catch (SocketException under) when (under.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // Writable once it is connected.
        }

        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.CopyTo(Reserve(24));
        outputEnd += 24;
        Span<byte> settings = Frame(18, Settings, 0, 0);
        Setting(settings, HeaderTableSize, 0);
        Setting(settings[6..], EnablePush, 0);
        Setting(settings[12..], InitialWindow, streamWindow);
        BinaryPrimitives.WriteInt32BigEndian(Frame(4, WindowUpdate, 0, 0), ConnectionWindow - FirstWindow);
    }

    /// <summary>False once it broke, or takes no more streams.</summary>
    internal bool IsOpen { get; private set; } = true;

    /// <summary>Whether there is nothing to wait for any more.</summary>
    internal bool IsOver => !IsOpen && streams.Count == 0;

    internal int Descriptor => (int)socket.Handle;

    internal bool HasOutput => outputEnd > outputStart;

    /// <summary>Opens a stream; its headers go out with the next flush.</summary>
    internal Http2Stream Open(string path, string? headerName, string? headerValue, IStreamOwner owner)
    {
        byte[] block = HeaderBlock.Request(authority, path, headerName, headerValue);
        var stream = new Http2Stream(nextId, owner, peerWindow);
        nextId += 2;
        streams.Add(stream.Id, stream);
        block.CopyTo(Frame(block.Length, Headers, EndHeaders, stream.Id));
        return stream;
    }

    /// <summary>Sends a message, or keeps it until the server's windows have room for it.</summary>
    /// <param name="stream">On which.</param>
    /// <param name="message">With its gRPC header.</param>
    /// <param name="isLast">Ends our side of the stream.</param>
    internal void Send(Http2Stream stream, ReadOnlySpan<byte> message, bool isLast)
    {
        while (message.Length > MaxFrame)
        {
            SendFrame(stream, message[..MaxFrame], isLast: false);
            message = message[MaxFrame..];
        }

        SendFrame(stream, message, isLast);
    }

    /// <summary>Writes what is to be written, as far as the socket takes it.</summary>
    internal void Flush()
    {
        while (HasOutput)
        {
            int sent = socket.Send(output.AsSpan(outputStart, outputEnd - outputStart), SocketFlags.None, out SocketError error);
            if (error is SocketError.WouldBlock or SocketError.NotConnected) return;
            if (error != SocketError.Success)
            {
                Break($"the connection broke: {error}");
                return;
            }

            outputStart += sent;
        }

        outputStart = outputEnd = 0;
    }

    /// <summary>Reads what has come and hands it on.</summary>
    /// <param name="buffer">To read into, of more than a frame; all connections share it.</param>
    internal void Receive(byte[] buffer)
    {
        while (IsOpen || streams.Count > 0)
        {
            rest.AsSpan(0, restCount).CopyTo(buffer);
            int read = socket.Receive(buffer.AsSpan(restCount), SocketFlags.None, out SocketError error);
            if (error is SocketError.WouldBlock or SocketError.NotConnected) return;
            if (error != SocketError.Success || read == 0)
            {
                Break(error == SocketError.Success ? "the server closed the connection" : $"the connection broke: {error}");
                return;
            }

            ReadOnlySpan<byte> come = buffer.AsSpan(0, restCount + read);
            bool isAll = come.Length < buffer.Length;
            come = come[TakeFrames(come, System.Diagnostics.Stopwatch.GetTimestamp())..];
            if (rest.Length < come.Length) rest = new byte[Math.Max(MaxFrame + FrameHeaderSize, come.Length)];
            come.CopyTo(rest);
            restCount = come.Length;
            if (isAll) return;
        }
    }

    /// <summary>Ends without a word; owners are told.</summary>
    internal void Break(string why)
    {
        IsOpen = false;
        socket.Dispose();
        Http2Stream[] left = [.. streams.Values];
        streams.Clear();
        holding.Clear();
        outputStart = outputEnd = 0;
        foreach (Http2Stream stream in left) stream.Owner.Ended(-1, why);
    }

    public void Dispose()
    {
        IsOpen = false;
        socket.Dispose();
    }

    private int TakeFrames(ReadOnlySpan<byte> come, long now)
    {
        int at = 0;
        while (come.Length - at >= FrameHeaderSize)
        {
            ReadOnlySpan<byte> header = come.Slice(at, FrameHeaderSize);
            int length = header[0] << 16 | header[1] << 8 | header[2];
            if (come.Length - at - FrameHeaderSize < length) break;
            TakeFrame(header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header[5..]) & int.MaxValue, come.Slice(at + FrameHeaderSize, length), now);
            at += FrameHeaderSize + length;
        }

        return at;
    }

    private void TakeFrame(byte type, byte flags, int id, ReadOnlySpan<byte> payload, long now)
    {
        switch (type)
        {
            case Data:
                TakeData(flags, id, payload, now);
                break;
            case Headers:
                headerStream = id;
                headersEndStream = (flags & EndStream) != 0;
                TakeHeaders(flags, Unpadded(flags, payload));
                break;
            case Continuation:
                TakeHeaders(flags, payload);
                break;
            case Reset:
                if (streams.Remove(id, out Http2Stream? reset)) reset.Owner.Ended(-1, $"reset by the server, HTTP/2 code {BinaryPrimitives.ReadInt32BigEndian(payload)}");
                break;
            case Settings when (flags & Acknowledge) == 0:
                TakeSettings(payload);
                break;
            case Ping when (flags & Acknowledge) == 0:
                payload.CopyTo(Frame(payload.Length, Ping, Acknowledge, 0));
                break;
            case GoAway:
                IsOpen = false;
                break;
            case WindowUpdate:
                TakeWindow(id, BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
        }
    }

    private void TakeData(byte flags, int id, ReadOnlySpan<byte> payload, long now)
    {
        unacknowledged += payload.Length;
        if (unacknowledged >= ConnectionWindow / 2)
        {
            BinaryPrimitives.WriteInt32BigEndian(Frame(4, WindowUpdate, 0, 0), unacknowledged);
            unacknowledged = 0;
        }

        if (!streams.TryGetValue(id, out Http2Stream? stream)) return;
        stream.Unacknowledged += payload.Length;
        if (acknowledges && stream.Unacknowledged >= streamWindow / 2)
        {
            BinaryPrimitives.WriteInt32BigEndian(Frame(4, WindowUpdate, 0, id), stream.Unacknowledged);
            stream.Unacknowledged = 0;
        }

        stream.Take((flags & Padded) == 0 ? payload : payload[1..^payload[0]], now);
        if ((flags & EndStream) != 0 && streams.Remove(id)) stream.Owner.Ended(-1, "ended without trailers");
    }

    private void TakeHeaders(byte flags, ReadOnlySpan<byte> block)
    {
        if ((flags & EndHeaders) == 0 || headerBlock.Length > 0) headerBlock = [.. headerBlock, .. block];
        if ((flags & EndHeaders) == 0) return;
        if (headerBlock.Length > 0) block = headerBlock;
        headerBlock = [];
        if (!headersEndStream || !streams.Remove(headerStream, out Http2Stream? stream)) return;
        holding.Remove(stream);
        (int status, string message) = HeaderBlock.ReadStatus(block);
        stream.Owner.Ended(status, message);
    }

    private static ReadOnlySpan<byte> Unpadded(byte flags, ReadOnlySpan<byte> payload)
    {
        int padding = 0;
        if ((flags & Padded) != 0)
        {
            padding = payload[0];
            payload = payload[1..];
        }

        if ((flags & Priority) != 0) payload = payload[5..];
        return payload[..^padding];
    }

    private void TakeSettings(ReadOnlySpan<byte> payload)
    {
        for (; payload.Length >= 6; payload = payload[6..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload) != InitialWindow) continue;
            long window = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
            foreach (Http2Stream stream in streams.Values) stream.SendWindow += window - peerWindow;
            peerWindow = window;
        }

        Frame(0, Settings, Acknowledge, 0);
        SendHeld();
    }

    private void TakeWindow(int id, int more)
    {
        if (id == 0) sendWindow += more;
        else if (streams.TryGetValue(id, out Http2Stream? stream)) stream.SendWindow += more;
        if (holding.Count > 0) SendHeld();
    }

    private void SendHeld()
    {
        foreach (Http2Stream stream in holding.ToArray())
        {
            while (stream.Held!.TryPeek(out (byte[] Payload, bool IsLast) held) && HasRoom(stream, held.Payload.Length))
            {
                stream.Held.Dequeue();
                WriteData(stream, held.Payload, held.IsLast);
            }

            if (stream.Held.Count == 0) holding.Remove(stream);
        }
    }

    private void SendFrame(Http2Stream stream, ReadOnlySpan<byte> payload, bool isLast)
    {
        if (stream.Held is not { Count: > 0 } && HasRoom(stream, payload.Length))
        {
            WriteData(stream, payload, isLast);
            return;
        }

        (stream.Held ??= new()).Enqueue((payload.ToArray(), isLast));
        holding.Add(stream);
    }

    private bool HasRoom(Http2Stream stream, int length) => stream.SendWindow >= length && sendWindow >= length;

    private void WriteData(Http2Stream stream, ReadOnlySpan<byte> payload, bool isLast)
    {
        stream.SendWindow -= payload.Length;
        sendWindow -= payload.Length;
        payload.CopyTo(Frame(payload.Length, Data, isLast ? EndStream : (byte)0, stream.Id));
    }

    private Span<byte> Frame(int length, byte type, byte flags, int id)
    {
        Span<byte> frame = Reserve(FrameHeaderSize + length);
        frame[0] = (byte)(length >> 16);
        frame[1] = (byte)(length >> 8);
        frame[2] = (byte)length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], id);
        outputEnd += FrameHeaderSize + length;
        return frame[FrameHeaderSize..];
    }

    private Span<byte> Reserve(int more)
    {
        if (output.Length - outputEnd < more && outputStart > 0)
        {
            output.AsSpan(outputStart, outputEnd - outputStart).CopyTo(output);
            outputEnd -= outputStart;
            outputStart = 0;
        }

        if (output.Length - outputEnd < more) Array.Resize(ref output, Math.Max(output.Length * 2, outputEnd + more));
        return output.AsSpan(outputEnd, more);
    }

    private static void Setting(Span<byte> at, ushort name, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(at, name);
        BinaryPrimitives.WriteInt32BigEndian(at[2..], value);
    }
}
