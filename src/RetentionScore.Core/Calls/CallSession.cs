#pragma warning disable MA0025, CA1822
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;

namespace RetentionScore.Core.Calls;

/// <summary>
/// The state of one call, and the only way to change it. The steps of <see cref="Observe(in Utterance, ScoringScratch)"/> in order: text →
/// tokens → signals → dialogue state → risk → bands → recommendations. Bounded whatever the length of the call. Not thread-safe: one owner
/// at a time. The returned update belongs to the scratch and holds until its next use.
/// </summary>
public sealed class CallSession
{
    /// <summary>Opens a call under a policy.</summary>
    /// <param name="policy">Kept for the whole call.</param>
    /// <param name="context">What is known before anyone speaks.</param>
    /// <param name="languageSupported">False: words are not read, and every update says LanguageNotEvaluated.</param>
    /// <param name="explain">Evidence and signals in every update.</param>
    public CallSession(RetentionPolicy policy, CallContext context, bool languageSupported = true, bool explain = false)
    {
        Policy = policy;
        Context = context;
    }

    /// <summary>The rules the call began with.</summary>
    public RetentionPolicy Policy { get; }

    /// <summary>What is known now.</summary>
    public CallContext Context { get; private set; }

    /// <summary>The highest seq observed.</summary>
    public uint LastSeq { get; private set; }

    /// <summary>The call's clock: the latest time any message told, ms.</summary>
    public int NowMs { get; private set; }

    /// <summary>Where the request to leave stands.</summary>
    public CancelStage Stage => CancelStage.None;

    /// <summary>Scores a final utterance, or with <see cref="Utterance.CorrectsSeq"/> a correction.</summary>
    public ScoreUpdate Observe(in Utterance utterance, ScoringScratch scratch) => throw new NotImplementedException();

    /// <summary>Scores an event.</summary>
    public ScoreUpdate Observe(in CallEvent callEvent, ScoringScratch scratch) => throw new NotImplementedException();

    /// <summary>Scores a hypothesis on a copy: nothing is kept, raised or withdrawn.</summary>
    public ScoreUpdate Preview(in Utterance interim, ScoringScratch scratch) => throw new NotImplementedException();

    /// <summary>The score as it stands: for duplicates and for a call that is attached again. Nothing changes.</summary>
    public ScoreUpdate Current(ScoringScratch scratch) => throw new NotImplementedException();

    /// <summary>A message whose scoring failed keeps its place: only seq and clock move.</summary>
    public ScoreUpdate KeepPlace(uint seq, int atMs, ScoringScratch scratch) => throw new NotImplementedException();

    /// <summary>Ends the call. The scratch's update is the last score.</summary>
    public CallSummary End(in CallEnd end, ScoringScratch scratch) => throw new NotImplementedException();
}
