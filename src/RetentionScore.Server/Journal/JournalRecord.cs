using RetentionScore.Core.Calls;

namespace RetentionScore.Server.Journal;

/// <summary>One message of a call as the journal keeps it: what Core needs to take it again without its words, and what the order of messages needs.</summary>
internal struct JournalRecord
{
    /// <summary>Core's part; only the seq counts where <see cref="IsLostHistory"/>.</summary>
    internal SignalRecord Signals;

    /// <summary>No message: the call goes on at <see cref="Seq"/> + 1 although what came before is not known.</summary>
    internal bool IsLostHistory;

    /// <summary>The recogniser's id; empty where there is none.</summary>
    internal ReadOnlyMemory<byte> UtteranceId;

    /// <summary>When the call's clock stood at 0, in Unix ms of the platform's wall clock.</summary>
    internal long ZeroUnixMs;

    /// <summary>What was said, redacted; empty unless the operator switched it on.</summary>
    internal ReadOnlyMemory<byte> Text;

    /// <summary>Place in the call's one total order.</summary>
    internal readonly uint Seq => Signals.Entry.Seq;
}
