using RetentionScore.Core;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>One thing to measure on a set.</summary>
/// <param name="Set">The set.</param>
/// <param name="Name">What is told apart.</param>
/// <param name="Signals">Whose log-odds count; of several the greatest.</param>
/// <param name="Against">Whose log-odds are taken off, to tell two signals apart; none for none.</param>
/// <param name="Items">Utterances, what they are, and what stays together.</param>
/// <param name="Parts">Parts of the cross-validation; 0 where the shipped model never saw the set.</param>
/// <param name="Bars">Figures to reach: AUC, best F1; NaN for none.</param>
internal sealed record Measured(string Set, string Name, Signal[] Signals, Signal Against, Measured.Item[] Items, int Parts, (double Auc, double F1) Bars)
{
    /// <summary>Parts of the baseline's cross-validation on the set; those of the model where it has some.</summary>
    public int BaselineParts { get; init; } = Parts;

    /// <summary>What the baseline learns from where it is not the set itself.</summary>
    public IReadOnlyList<(string Text, bool Positive)>? BaselineFrom { get; init; }

    /// <summary>What no regression has and a rule could: requests to cancel.</summary>
    public bool IsCancelling => Signals[0] == Signal.CancelRequest && Against == Signal.None;

    /// <summary>One utterance.</summary>
    public readonly record struct Item(string Text, Speaker Speaker, bool Positive, string Group, PriorActs Before = PriorActs.None);

    /// <summary>Part of a group.</summary>
    public int PartOf(string group) => PartOf(group, Parts);

    /// <summary>What an interval draws together: a call; where groups are folds, an utterance.</summary>
    public string Drawn(int item) => Set == "nlupp" ? item.ToString(System.Globalization.CultureInfo.InvariantCulture) : Items[item].Group;

    /// <summary>Which of some parts a group is in.</summary>
    public int PartOf(string group, int parts) => Set == "nlupp"
        ? int.Parse(group.AsSpan("nlupp-".Length), System.Globalization.CultureInfo.InvariantCulture)
        : Drawing.Part(7, group, parts);
}
