using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// A call on a trunk. What it sends waits with its line, a bounded number of messages, until the line's next write; what is answered waits here until the
/// call's loop has woken, which never has to wait for its platform. The loop uses it; the line fills it.
/// </summary>
internal sealed class TrunkChannel(TrunkLine line, uint number, Signal signal) : IAttachment
{
    private readonly Lock gate = new();
    private readonly Queue<ScoreCallResponse> answers = new();
    private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CallRefusal? ended;

    public CallOpened Opened { get; set; } = new();

    public bool CanWrite => line.HasRoom(this);

    /// <summary>What the server knows it by; another call's once this one has its summary or its error.</summary>
    internal uint Number => number;

    /// <summary>Messages for the line's next writes. The line's, as all that follows.</summary>
    internal Queue<ScoreCallRequest> Waiting { get; } = new();

    /// <summary>Whether it is in the line's round.</summary>
    internal bool IsInTurn { get; set; }

    /// <summary>Whether its loop waits for room.</summary>
    internal bool IsBlocked { get; set; }

    /// <summary>Whether the server may have seen it.</summary>
    internal bool WasWritten { get; set; }

    /// <summary>Whether `opened` came. Of the line's reader.</summary>
    internal bool IsOpened { get; set; }

    /// <summary>The call has left; the number is not free before the server has let go of it, too.</summary>
    internal bool IsLeft { get; set; }

    /// <summary>A message that needed a request of its own is not answered: it may be too long for the server.</summary>
    internal bool IsSuspect { get; set; }

    public async Task<(ScoreCallResponse? Response, CallRefusal? End)> OpenAsync(ScoreCallRequest start)
    {
        line.Write(this, start);
        await first.Task.ConfigureAwait(false);
        return TryRead(out ScoreCallResponse? response, out CallRefusal? end) ? (response, null) : (null, end);
    }

    public void Write(ScoreCallRequest request) => line.Write(this, request);

    public bool TryRead(out ScoreCallResponse? response, out CallRefusal? end)
    {
        lock (gate)
        {
            end = null;
            if (answers.TryDequeue(out response)) return true;
            end = ended;
            return false;
        }
    }

    public void HasGoneSilent(TimeSpan limit) => line.HasGoneSilent(limit);

    /// <summary>A channel has no half-close: what waits is written, and the server lets go of the call when it hears nothing.</summary>
    public void HalfClose()
    {
    }

    public void Dispose() => line.Leave(this);

    /// <summary>The server has answered. Of the line.</summary>
    internal void Answer(ScoreCallResponse response)
    {
        lock (gate) answers.Enqueue(response);
        first.TrySetResult();
        signal.Set();
    }

    /// <summary>Nothing more will come. Of the line.</summary>
    internal void End(CallRefusal refusal)
    {
        lock (gate) ended ??= refusal;
        first.TrySetResult();
        signal.Set();
    }

    /// <summary>There is room again. Of the line.</summary>
    internal void Wake() => signal.Set();
}
