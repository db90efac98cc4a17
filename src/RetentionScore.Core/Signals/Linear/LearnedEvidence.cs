using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>
/// How the learned model and the phrases are one probability: a signal that phrases are sure of stays one, the model may only be surer. Where
/// phrases found weak evidence the model is heard from 0.7 on, where they found nothing from 0.75 on. Below that, but over the signal's own line, what
/// it says is told and no more (<see cref="EvidenceLine"/>); nor does it take back a request to leave by itself, as that would end an alarm.
/// </summary>
internal static class LearnedEvidence
{
    private const float Weak = 0.3f;

    /// <summary>Log-odds of 0.7 and of 0.75.</summary>
    internal const double WithPhrases = 0.8472978603872034, Alone = 1.0986122886681098;

    /// <summary>Adds what the model read to what phrases found.</summary>
    public static void Add(LinearSide side, ReadOnlySpan<Token> tokens, LinearScratch scratch, SignalReading into)
    {
        for (int h = 0; h < side.Heads.Length; h++)
        {
            double logOdds = scratch.LogOdds[h];
            Signal signal = side.Heads[h].Signal;
            bool weakly = into[signal] >= Weak;
            bool sure = logOdds >= (weakly ? WithPhrases : TakesBack(signal) ? double.PositiveInfinity : Alone);
            if (!sure && (weakly || logOdds < side.Heads[h].Line)) continue;
            var (begin, end) = StrongestWords(scratch, h);
            into.Raise(signal, sure ? (float)Logistic.Of(logOdds) : EvidenceLine.Unsure, tokens[begin].BeginChar, tokens[end - 1].EndChar);
        }
    }

    private static bool TakesBack(Signal signal) => signal is Signal.WithdrawsCancel or Signal.AcceptsOffer;

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
