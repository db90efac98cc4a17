using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals;

/// <summary>What reading one utterance needs while it lasts. Reused; not thread-safe.</summary>
internal sealed class ReaderScratch
{
    public readonly TokenBuffer Tokens = new();
    public readonly ushort[] Words = new ushort[TokenBuffer.Capacity + TailWords.Length];
    public readonly bool[] Negated = new bool[TokenBuffer.Capacity + TailWords.Length];
    public readonly PhraseAutomaton.Match[] Matches = new PhraseAutomaton.Match[512];
    public readonly PhraseWalk Walk = new();
    public readonly Linear.LinearScratch Linear = new();
}
