using System.Net;
using System.Numerics;
using RetentionScore.LoadTests.Loop;
using RetentionScore.LoadTests.Wire;

namespace RetentionScore.LoadTests.Carriers;

/// <summary>Many calls on each of a few trunks, a connection for each. What is due together goes into one ScoreCallsRequest.</summary>
internal sealed class TrunkCarrier(IPEndPoint server, string path, int count, int window) : ICarrier
{
    private readonly Trunk?[] trunks = new Trunk?[count];

    public List<Http2Connection> Connections { get; } = [];

    private string Path => path;

    public void Start(Lane lane, ReadOnlySpan<byte> start) => Of(lane).Add(lane, start);

    public void Send(Lane lane, ReadOnlySpan<byte> request, bool isLast) => Of(lane).Add(lane, request);

    public void Flush()
    {
        foreach (Trunk? trunk in trunks) trunk?.Flush();
    }

    public void Cut()
    {
        foreach (Http2Connection connection in Connections) connection.Dispose();
        Connections.Clear();
        Array.Clear(trunks);
    }

    private Trunk Of(Lane lane) => trunks[lane.Index % count] ??= new Trunk(this, lane.Index % count);

    private Http2Connection Connect()
    {
        var connection = new Http2Connection(server, window);
        Connections.Add(connection);
        return connection;
    }

    private sealed class Trunk(TrunkCarrier carrier, int number) : IStreamOwner
    {
        private const int MaxBatchBytes = 16 * 1024, MaxBatch = 256;
        private const byte Requests = 0x0a, Channel = 0x08, Request = 0x12, Replies = 0x0a, Response = 0x12, Error = 0x1a;

        private readonly Dictionary<uint, Lane> lanes = [];
        private Http2Connection? connection;
        private Http2Stream? stream;
        private byte[] batch = new byte[32 * 1024];
        private int length = GrpcFrame.HeaderSize, batched;

        internal void Add(Lane lane, ReadOnlySpan<byte> request)
        {
            lanes[lane.Channel] = lane;
            int inner = 1 + Size(lane.Channel) + 1 + Size((uint)request.Length) + request.Length;
            int outer = 1 + Size((uint)inner) + inner;
            if (batched == MaxBatch || batched > 0 && length + outer > MaxBatchBytes) Close();
            if (batch.Length < length + outer) Array.Resize(ref batch, (length + outer) * 2);
            batch[length++] = Requests;
            Number((uint)inner);
            batch[length++] = Channel;
            Number(lane.Channel);
            batch[length++] = Request;
            Number((uint)request.Length);
            request.CopyTo(batch.AsSpan(length));
            length += request.Length;
            batched++;
        }

        internal void Flush()
        {
            if (batched > 0) Close();
            if (connection is { HasOutput: true }) connection.Flush();
        }

        public void Received(ReadOnlySpan<byte> message, long now)
        {
            for (int at = 0; at < message.Length;)
            {
                byte tag = message[at++];
                int inner = (int)AnswerReader.Number(message, ref at);
                if (tag == Replies) Reply(message.Slice(at, inner), now);
                at += inner;
            }
        }

        public void Ended(int status, string why)
        {
            stream = null;
            Lane[] left = [.. lanes.Values];
            lanes.Clear();
            foreach (Lane lane in left) lane.Ended(status, why);
        }

        private void Reply(ReadOnlySpan<byte> reply, long now)
        {
            uint channel = 0;
            for (int at = 0; at < reply.Length;)
            {
                byte tag = reply[at++];
                int value = (int)AnswerReader.Number(reply, ref at);
                if (tag == Channel)
                {
                    channel = (uint)value;
                    continue;
                }

                ReadOnlySpan<byte> outcome = reply.Slice(at, value);
                at += value;
                if (!lanes.TryGetValue(channel, out Lane? lane)) continue;
                if (tag == Response) lane.Received(outcome, now);
                else if (tag == Error) lane.Ended((int)AnswerReader.Member(outcome, 1), RetentionScore.V1.CallError.Parser.ParseFrom(outcome).ToString());
            }
        }

        private void Close()
        {
            if (stream is null)
            {
                if (connection is not { IsOpen: true }) connection = carrier.Connect();
                stream = connection.Open(carrier.Path, "trunk-id", $"load-{number}", this);
            }

            GrpcFrame.Write(batch, length - GrpcFrame.HeaderSize);
            connection!.Send(stream, batch.AsSpan(0, length), isLast: false);
            length = GrpcFrame.HeaderSize;
            batched = 0;
        }

        private void Number(uint value)
        {
            for (; value >= 0x80; value >>= 7) batch[length++] = (byte)(value | 0x80);
            batch[length++] = (byte)value;
        }

        private static int Size(uint value) => (38 - BitOperations.LeadingZeroCount(value | 1)) / 7;
    }
}
