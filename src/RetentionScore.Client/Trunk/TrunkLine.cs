using Grpc.Core;
using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// One ScoreCalls stream to one node, and the channels on it.
/// <list type="number">
/// <item>Messages wait with their channels; the writer takes one of each in turn until a request is full or nothing waits, and writes it. What comes while
/// a write is under way goes together with the next: nothing waits for company.</item>
/// <item>The reader hands answers to their channels. An error ends its channel, and frees the number as the summary does.</item>
/// <item>A call that leaves says nothing to the server, which lets go of it in time; until then its number is taken.</item>
/// <item>`draining` is told to every channel, each with a time of its own to move; the line takes no new channels and closes behind the last.</item>
/// <item>The end of the stream is the end of all channels.</item>
/// </list>
/// Safe for any thread.
/// </summary>
internal sealed class TrunkLine
{
    internal const int MostChannels = 10_000;
    private const int MostWaitingOfAChannel = 32;
    private const int MostBytesOfAMessage = 4 * 1024 * 1024 - 1024;
    private const double LatestMove = 0.9; // of the time that a draining node has left

    private readonly Nodes nodes;
    private readonly Connection connection;
    private readonly TrunkCarrier carrier;
    private readonly TimeProvider time;
    private readonly AsyncDuplexStreamingCall<ScoreCallsRequest, ScoreCallsResponse> stream;
    private readonly Signal toWrite = new();
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly List<TrunkChannel?> channels = [];
    private readonly PriorityQueue<uint, uint> free = new();
    private readonly Queue<TrunkChannel> turns = new();
    private int live; // channels whose calls have not left
    private long lastHeard;
    private bool hasHeard, isLeaving, isClosing, hasEnded;
    private Draining? draining; // the reader's

    /// <exception cref="InvalidOperationException">The connection was disposed of.</exception>
    /// <exception cref="RpcException">The stack could not begin a stream.</exception>
    internal TrunkLine(Nodes nodes, Connection connection, TrunkCarrier carrier, string id, TimeProvider time)
    {
        this.nodes = nodes;
        this.connection = connection;
        this.carrier = carrier;
        this.time = time;
        lastHeard = time.GetTimestamp();
        stream = connection.Service.ScoreCalls(new Metadata { { "trunk-id", id } });
    }

    /// <summary>Whether the server has said anything on it.</summary>
    internal bool HasHeard => Volatile.Read(ref hasHeard);

    internal void Run()
    {
        _ = Task.Run(WriteAsync);
        _ = Task.Run(ReadAsync);
    }

    /// <summary>A channel for a call; null where the line takes no more.</summary>
    internal TrunkChannel? TryAttach(Signal signal)
    {
        lock (gate)
        {
            if (hasEnded || isLeaving || isClosing) return null;
            bool isReused = free.TryDequeue(out uint number, out _);
            if (!isReused)
            {
                if (channels.Count == MostChannels) return null;
                number = (uint)channels.Count;
                channels.Add(null);
            }

            live++;
            return channels[(int)number] = new TrunkChannel(this, number, signal);
        }
    }

    internal bool HasRoom(TrunkChannel channel)
    {
        lock (gate)
        {
            if (hasEnded) return false;
            if (channel.Waiting.Count < MostWaitingOfAChannel) return true;
            channel.IsBlocked = true;
            return false;
        }
    }

    internal void Write(TrunkChannel channel, ScoreCallRequest request)
    {
        int bytes = request.CalculateSize();
        if (bytes > MostBytesOfAMessage)
        {
            // The server would end the trunk for it, and every call with it.
            channel.End(new CallRefusal(StatusCode.InvalidArgument, "INVALID_MESSAGE", $"message is {bytes} bytes long, must be {MostBytesOfAMessage} or less") { Field = "message" });
            return;
        }

        lock (gate)
        {
            if (hasEnded || channel.IsLeft || !IsOn(channel)) return;
            channel.Waiting.Enqueue(request);
            if (channel.IsInTurn) return;
            channel.IsInTurn = true;
            turns.Enqueue(channel);
        }

        toWrite.Set();
    }

    /// <summary>The call has no more interest in it. What waits is written all the same, unless not even the start was.</summary>
    internal void Leave(TrunkChannel channel)
    {
        lock (gate)
        {
            if (channel.IsLeft || !IsOn(channel)) return;
            channel.IsLeft = true;
            live--;
            if (!channel.WasWritten) Free(channel);
            if (!isLeaving || live > 0) return;
            isClosing = true;
        }

        toWrite.Set();
    }

    /// <summary>A call waits for an answer for so long: if nobody on the line has had one since, nobody will.</summary>
    internal void HasGoneSilent(TimeSpan limit)
    {
        if (time.GetElapsedTime(Volatile.Read(ref lastHeard)) < limit) return;
        nodes.Retire(connection);
        End(CallRefusal.Own($"no answer on the trunk for {limit.TotalSeconds} s"));
    }

    /// <summary>Writes what waits, half-closes, and waits for the server to answer all of it, but not for long.</summary>
    internal async Task CloseAsync(TimeSpan atMost)
    {
        lock (gate) isClosing = true;
        toWrite.Set();
        await over.Task.WaitAtMostAsync(atMost, time, CancellationToken.None).ConfigureAwait(false);
        End(CallRefusal.Closed);
    }

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                await toWrite.WaitAsync().ConfigureAwait(false);
                while (TakeRequest() is { } request) await stream.RequestStream.WriteAsync(request).ConfigureAwait(false);
                lock (gate)
                {
                    if (hasEnded) return;
                    if (!isClosing) continue;
                }

                await stream.RequestStream.CompleteAsync().ConfigureAwait(false);
                return;
            }
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException or IOException or OperationCanceledException)
        {
            // The status is behind the answers that are left: the reader's.
        }
        catch (Exception bug)
        {
            End(CallRefusal.Own($"the client failed: {bug}"));
        }
    }

    private ScoreCallsRequest? TakeRequest()
    {
        var (mostMessages, mostBytes) = carrier.Batch;
        lock (gate)
        {
            if (hasEnded || turns.Count == 0) return null;
            var request = new ScoreCallsRequest();
            int bytes = 0;
            while (request.Requests.Count < mostMessages && turns.TryPeek(out TrunkChannel? channel))
            {
                if (channel.Waiting.TryPeek(out ScoreCallRequest? message))
                {
                    int size = message.CalculateSize();
                    if (bytes > 0 && bytes + size > mostBytes) break;
                    bytes += size;
                    channel.IsSuspect |= size > mostBytes;
                    channel.WasWritten = true;
                    channel.Waiting.Dequeue();
                    request.Requests.Add(new CallRequest { Channel = channel.Number, Request = message });
                }

                turns.Dequeue();
                if (channel.Waiting.Count > 0) turns.Enqueue(channel);
                else channel.IsInTurn = false;
                if (!channel.IsBlocked || channel.Waiting.Count > MostWaitingOfAChannel / 2) continue;
                channel.IsBlocked = false;
                channel.Wake();
            }

            return request.Requests.Count > 0 ? request : null;
        }
    }

    private async Task ReadAsync()
    {
        CallRefusal? end;
        try
        {
            while (true)
            {
                Task<bool> read = stream.ResponseStream.MoveNext(CancellationToken.None);
                await ((Task)read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                end = StreamAttachment.EndOf(read);
                if (end is not null) break;
                Hear(stream.ResponseStream.Current);
            }
        }
        catch (Exception bug)
        {
            end = CallRefusal.Own($"the client failed: {bug}");
        }

        End(end);
    }

    private void Hear(ScoreCallsResponse response)
    {
        Volatile.Write(ref lastHeard, time.GetTimestamp());
        Volatile.Write(ref hasHeard, true);
        if (response.Draining is { } draining) Drain(draining);
        foreach (CallReply reply in response.Replies) Hear(reply);
    }

    private void Hear(CallReply reply)
    {
        TrunkChannel? channel;
        bool isOver = reply.Error is not null || reply.Response?.Summary is not null;
        lock (gate)
        {
            channel = reply.Channel < channels.Count ? channels[(int)reply.Channel] : null;
            if (channel is null) return;
            channel.IsSuspect = false;
            if (isOver)
            {
                if (!channel.IsLeft) live--;
                Free(channel);
                if (isLeaving && live == 0) isClosing = true;
            }
        }

        if (isOver) toWrite.Set();
        if (channel.IsLeft) return;
        if (reply.Error is { } error)
        {
            if (string.Equals(error.Reason, "DRAINING", StringComparison.Ordinal)) SetLeaving();
            channel.End(CallRefusal.Of(error));
            return;
        }

        if (reply.Response is not { } said) return;
        channel.Answer(said);
        if (isOver) channel.End(CallRefusal.Own("the call has ended"));
        if (said.Opened is null) return;
        channel.IsOpened = true;
        if (draining is not null) channel.Answer(Spread(draining));
    }

    private void Drain(Draining told)
    {
        draining = told;
        SetLeaving();
        TrunkChannel[] open;
        // A call that is being opened is told behind its `opened`.
        lock (gate) open = [.. channels.OfType<TrunkChannel>().Where(channel => channel is { IsLeft: false, IsOpened: true })];
        foreach (TrunkChannel channel in open) channel.Answer(Spread(told));
    }

    private void SetLeaving()
    {
        lock (gate)
        {
            isLeaving = true;
            if (live > 0) return;
            isClosing = true;
        }

        toWrite.Set();
    }

    /// <summary>Thousands of calls that move at one moment would come to the next node as a wave.</summary>
    private static ScoreCallResponse Spread(Draining told)
    {
        double from = told.ReconnectAfterMs, to = Math.Max(from, told.TimeLeftMs * LatestMove);
        return new ScoreCallResponse { Draining = new Draining { TimeLeftMs = told.TimeLeftMs, ReconnectAfterMs = (uint)(from + Random.Shared.NextDouble() * (to - from)) } };
    }

    private void End(CallRefusal refusal)
    {
        TrunkChannel[] left;
        lock (gate)
        {
            if (hasEnded) return;
            hasEnded = true;
            left = [.. channels.OfType<TrunkChannel>()];
            channels.Clear();
            turns.Clear();
            foreach (TrunkChannel channel in left) channel.Waiting.Clear();
        }

        carrier.HasEnded(this, refusal);
        toWrite.Set();
        stream.Dispose();
        connection.Leave();
        foreach (TrunkChannel channel in left) channel.End(OfChannel(channel, refusal));
        over.TrySetResult();
    }

    /// <summary>A message that cannot be is one call's fault; the others go on.</summary>
    private static CallRefusal OfChannel(TrunkChannel channel, CallRefusal refusal) =>
        string.Equals(refusal.Reason, "INVALID_MESSAGE", StringComparison.Ordinal) && !(channel.IsSuspect && string.Equals(refusal.Field, "message", StringComparison.Ordinal))
            ? CallRefusal.Own($"the trunk was ended: {refusal}")
            : refusal;

    private bool IsOn(TrunkChannel channel) => channel.Number < channels.Count && ReferenceEquals(channels[(int)channel.Number], channel);

    private void Free(TrunkChannel channel)
    {
        channel.Waiting.Clear(); // the next call on this number must not say it
        channels[(int)channel.Number] = null;
        free.Enqueue(channel.Number, channel.Number);
    }
}
