using RetentionScore.Core;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>One utterance of a set with what is known of it. A signal that is in none of the three sets is not known, and teaches nothing.</summary>
internal sealed record Example
{
    /// <summary>The set's name, e.g. "nlupp".</summary>
    public required string Set { get; init; }

    /// <summary>What must stay together when the set is divided: a call, a fold.</summary>
    public required string Group { get; init; }

    /// <summary>Who wrote it, numbered; null where nobody wrote it for us. One's turns are all learned from or none, so that cross-validation tells of other people's words.</summary>
    public int? Writer { get; init; }

    public required Speaker Speaker { get; init; }

    /// <summary>What was done before it, where the call is known.</summary>
    public PriorActs Before { get; init; }

    /// <summary>As a recogniser would write it.</summary>
    public required string Text { get; init; }

    /// <summary>Labelled as said.</summary>
    public SignalSet Positive { get; init; }

    /// <summary>Labelled as not said.</summary>
    public SignalSet Negative { get; init; }

    /// <summary>Ordinary talk: most likely not said.</summary>
    public SignalSet Weak { get; init; }

    /// <summary>How much a label of this set counts.</summary>
    public double Weight { get; init; } = 1;

    public bool Teaches(Signal signal) => Positive.Has(signal) || Negative.Has(signal) || Weak.Has(signal);
}
