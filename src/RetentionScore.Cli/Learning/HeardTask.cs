using RetentionScore.Core;
using RetentionScore.Core.Risk;

namespace RetentionScore.Cli.Learning;

/// <summary>Something to measure on whole dialogues: what a risk says after certain turns.</summary>
/// <param name="Set">The set.</param>
/// <param name="Name">What is told apart.</param>
/// <param name="Score">Which risk.</param>
/// <param name="Learns">The signal that learns from the set, and so is trained without the part that is measured.</param>
/// <param name="Calls">The dialogues.</param>
/// <param name="Parts">Parts of the cross-validation; 0 where the shipped model never saw the set.</param>
/// <param name="BaselineParts">The same for the baseline, which learns from the set alone.</param>
/// <param name="AucBar">To reach; NaN for none.</param>
internal sealed record HeardTask(
    string Set, string Name, Score Score, Core.Signals.Signal Learns, HeardTask.Call[] Calls, int Parts, int BaselineParts, double AucBar)
{
    /// <summary>One turn; whether what is told apart holds after it, null where that is not labelled.</summary>
    public readonly record struct Turn(Speaker Speaker, string Text, bool? Holds);

    /// <summary>One dialogue.</summary>
    /// <param name="Id">What stays together.</param>
    /// <param name="Turns">In their order.</param>
    /// <param name="WholeText">The baseline reads all that the customer has said, not the last turn alone.</param>
    public sealed record Call(string Id, Turn[] Turns, bool WholeText);
}
