using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Calls;

/// <summary>What kind of message a <see cref="SignalRecord"/> is of.</summary>
public enum RecordKind : byte
{
    /// <summary>A final utterance.</summary>
    Utterance = 0,
    /// <summary>New words for an old place.</summary>
    Correction = 1,
    /// <summary>An event.</summary>
    Event = 2,
    /// <summary>A message whose scoring failed.</summary>
    Place = 3,
    /// <summary>The end of the call.</summary>
    End = 4,
}

/// <summary>
/// What one message brought to its call, without its words: <see cref="CallSession.Replay"/> of all of them, in order, is the call again, bit for
/// bit. A plain value but for the context.
/// </summary>
public struct SignalRecord
{
    /// <summary>What it is of.</summary>
    public RecordKind Kind;

    /// <summary>Seq, times and signals; of a correction, the new words'. Of an event or an end: seq, time and kind alone.</summary>
    public LogEntry Entry;

    /// <summary>Of a correction: the seq whose words it replaces.</summary>
    public uint CorrectsSeq;

    /// <summary>Of the prompt events.</summary>
    public PromptId Prompt;

    /// <summary>Of a change of context: what is set replaces.</summary>
    public CallContext? Context;

    /// <summary>Of an end.</summary>
    public Disposition Disposition;
}
