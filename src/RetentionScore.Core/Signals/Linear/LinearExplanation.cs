using System.Numerics;
using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>Takes the log-odds of one head apart again: by word, phrase, length, what was done before, and bias. For tools: it allocates.</summary>
internal static class LinearExplanation
{
    /// <summary>What the head's log-odds are made of, after <see cref="LinearSide.Read"/>.</summary>
    /// <param name="side">The side that was read.</param>
    /// <param name="h">The head.</param>
    /// <param name="tokens">The utterance.</param>
    /// <param name="before">What was done before it.</param>
    /// <param name="phrases">What phrases found, as the side was told.</param>
    /// <param name="scratch">What it left.</param>
    public static List<SignalContribution> Of(LinearSide side, int h, ReadOnlySpan<Token> tokens, PriorActs before, SignalReading phrases, LinearScratch scratch)
    {
        LinearHead head = side.Heads[h];
        var (from, to) = scratch.Windows[h];
        bool whole = from == 0 && to == tokens.Length;
        double perWord = head.Slope * head.WordScale / Math.Sqrt((whole ? tokens.Length : LinearSide.WindowWords) + LinearSide.CountOffset);
        var made = new List<SignalContribution>();
        for (int i = from; i < to; i++)
        {
            int units = scratch.Prefix[((i + 1) * LinearSide.Stride) + h] - scratch.Prefix[(i * LinearSide.Stride) + h];
            if (units != 0) made.Add(new SignalContribution(ContributionKind.Word, "", tokens[i].BeginChar, tokens[i].EndChar, perWord * units));
        }

        double perDirect = head.Slope * head.DirectScale;
        for (int s = 1; s < SignalCatalogue.Count; s++)
        {
            float found = phrases.Evidence((Signal)s);
            if (found <= 0) continue;
            var (begin, end) = phrases.Span((Signal)s);
            AddDirect(ContributionKind.Phrase, SignalCatalogue.Name((Signal)s), begin, end, DirectFeature.Phrase((Signal)s, found));
        }

        AddDirect(ContributionKind.Length, "", 0, 0, DirectFeature.Length(tokens.Length));
        for (int acts = (int)before; acts != 0; acts &= acts - 1)
        {
            int bit = BitOperations.TrailingZeroCount(acts);
            AddDirect(ContributionKind.Before, ((PriorActs)(1 << bit)).ToString(), 0, 0, DirectFeature.Act(bit));
        }

        made.Add(new SignalContribution(ContributionKind.Bias, "", 0, 0, (head.Slope * head.Bias) + head.Offset));
        return made;

        void AddDirect(ContributionKind kind, string name, int begin, int end, int feature)
        {
            short units = side.Tables.DirectRows[(feature * side.Tables.Heads.Length) + h];
            if (units != 0) made.Add(new SignalContribution(kind, name, begin, end, perDirect * units));
        }
    }
}
