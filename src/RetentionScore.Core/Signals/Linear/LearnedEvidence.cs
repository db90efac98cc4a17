namespace RetentionScore.Core.Signals.Linear;

/// <summary>
/// How the learned model and the phrases come together. All that the model believes is told; the dialogue hears of it where phrases found weak
/// evidence from 0.7 on, where they found nothing from 0.75 on. It does not take back a request to leave by itself, as that would end an alarm.
/// </summary>
internal static class LearnedEvidence
{
    private const float Weak = 0.3f;

    /// <summary>Log-odds of 0.7, of 0.75, and of 0.01: what is less is not told.</summary>
    internal const double WithPhrases = 0.8472978603872034, Alone = 1.0986122886681098, NotTold = -4.59511985013459;

    /// <summary>Adds what the model read to what phrases found.</summary>
    public static void Add(LinearSide side, ReaderScratch work, SignalReading into)
    {
        LinearScratch scratch = work.Linear;
        ReadOnlySpan<LinearHead> heads = side.Heads;
        into.ReadBy(side.Signals, work);
        for (int h = 0; h < heads.Length; h++)
        {
            double logOdds = scratch.LogOdds[h];
            if (logOdds < NotTold) continue;
            Signal signal = heads[h].Signal;
            bool weakly = into.Evidence(signal) >= Weak;
            into.Believe(signal, (float)scratch.Probabilities[h], h);
            if (logOdds >= (weakly ? WithPhrases : Alone) && (weakly || !TakesBack(signal))) into.BeSure(signal);
        }
    }

    /// <summary>The words that a head went by, as UTF-16 code units of the text: the run that adds most, within the window that was read.</summary>
    public static (int Begin, int End) StrongestWords(ReaderScratch work, int head)
    {
        var (begin, end) = StrongestWords(work.Linear, head);
        var tokens = work.Tokens.Tokens;
        return (tokens[begin].BeginChar, tokens[end - 1].EndChar);
    }

    private static bool TakesBack(Signal signal) => signal is Signal.WithdrawsCancel or Signal.AcceptsOffer;

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
