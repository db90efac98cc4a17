using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Scoring.Trunk;

/// <summary>Where a channel stands.</summary>
internal enum ChannelState
{
    /// <summary>The registry was asked for the call; its messages wait.</summary>
    Opening,
    /// <summary>Messages are answered as they come.</summary>
    Open,
    /// <summary>The summary waits for the journal; messages behind the end wait for it.</summary>
    Ending,
    /// <summary>The call was let go of; what its tasks say is of no interest any more.</summary>
    Left,
    /// <summary>No call, after an error: messages are dropped until the next start.</summary>
    Refused,
    /// <summary>No call, after a summary.</summary>
    Ended,
}

/// <summary>One call of a trunk, from its start to its summary, its error or the trunk's end. For the trunk's loop alone, but for its control.</summary>
internal sealed class TrunkCall
{
    /// <summary>What stands on a channel after an error.</summary>
    internal static readonly TrunkCall Refused = new(ChannelState.Refused);

    /// <summary>What stands on a channel after a summary.</summary>
    internal static readonly TrunkCall Ended = new(ChannelState.Ended);

    private readonly StreamControl? control;
    private readonly CallAttachment? attachment;
    private FrameQueue waiting;

    internal TrunkCall(uint channel, CallStreamServices services, TrunkInbox inbox, long now)
    {
        Channel = channel;
        Look = () => inbox.Post(this);
        control = new StreamControl(now, Look);
        attachment = new CallAttachment(services, control);
    }

    private TrunkCall(ChannelState state) => State = state;

    internal uint Channel { get; }

    internal ChannelState State { get; set; }

    /// <summary>Whether there is a call, or will be.</summary>
    internal bool HasCall => State is ChannelState.Opening or ChannelState.Open or ChannelState.Ending;

    internal StreamControl Control => control!;

    internal CallAttachment Attachment => attachment!;

    /// <summary>Messages that were read and not answered.</summary>
    internal ref FrameQueue Waiting => ref waiting;

    /// <summary>While it opens: null once it is open, or why it is not.</summary>
    internal Task<Refusal?>? Opening { get; set; }

    /// <summary>While it ends: whether the journal has the end.</summary>
    internal Task<bool>? Ending { get; set; }

    /// <summary>While it ends: what is said then.</summary>
    internal V1.CallSummary? Summary { get; set; }

    /// <summary>The next in the round of calls with messages.</summary>
    internal TrunkCall? NextReady { get; set; }

    /// <summary>Asks the trunk's loop to look at the call. For any thread.</summary>
    internal Action Look { get; } = static () => { };
}
