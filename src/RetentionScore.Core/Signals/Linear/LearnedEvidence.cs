using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>
/// How the learned model and the phrases are one probability: a signal that phrases are sure of stays one, the model may only be surer. The model
/// speaks from 0.5 on; what that is was found for each signal in training, on turns that were not learned from.
/// </summary>
internal static class LearnedEvidence
{
    /// <summary>Adds what the model read to what phrases found.</summary>
    public static void Add(LinearSide side, ReadOnlySpan<Token> tokens, LinearScratch scratch, SignalReading into)
    {
        for (int h = 0; h < side.Heads.Length; h++)
        {
            double logOdds = scratch.LogOdds[h];
            Signal signal = side.Heads[h].Signal;
            if (logOdds < 0) continue;
            var (begin, end) = StrongestWords(scratch, h);
            into.Raise(signal, (float)Logistic.Of(logOdds), tokens[begin].BeginChar, tokens[end - 1].EndChar);
        }
    }

    /// <summary>The run of words that adds most, within the window that was read.</summary>
    private static (int Begin, int End) StrongestWords(LinearScratch scratch, int head)
    {
        var (from, to) = scratch.Windows[head];
        int best = int.MinValue, sum = 0, begin = from;
        (int Begin, int End) found = (from, to);
        for (int i = from; i < to; i++)
        {
            int word = scratch.Prefix[((i + 1) * LinearSide.Stride) + head] - scratch.Prefix[(i * LinearSide.Stride) + head];
            if (sum <= 0)
            {
                sum = 0;
                begin = i;
            }

            sum += word;
            if (sum <= best) continue;
            best = sum;
            found = (begin, i + 1);
        }

        return found;
    }
}
