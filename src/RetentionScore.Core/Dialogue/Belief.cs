using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Dialogue;

/// <summary>
/// What the dialogue makes of signals that are probable and not sure: they move no stage, count as no fact and raise no prompt of their own, but the
/// risks weigh them. Callers who never say "cancel", and agents who hold back in words that no phrase knows, are heard here.
/// </summary>
internal static class Belief
{
    /// <summary>Less is what any utterance may be taken for.</summary>
    private const double Floor = 0.15;

    /// <summary>From here on a mood is felt by as much as it is probable.</summary>
    public const double Felt = 0.05;

    /// <summary>The same of thanks, which lower risks.</summary>
    public const double Calmed = 0.2;

    /// <summary>What an agent says tells less of the customer's wish than the customer's own words.</summary>
    private const double Secondhand = 0.5;

    private static readonly Signal[] HoldingBack = [Signal.AsksWhy, Signal.SaveOffer, Signal.Rebuts, Signal.Boasts, Signal.Stalls, Signal.BlocksRequest];

    /// <summary>That the customer means to leave: the probability that at least one of his utterances said so.</summary>
    public static void HearCustomer(ref DialogueState s, in LogEntry e)
    {
        double back = Math.Max(e[Signal.WithdrawsCancel], e[Signal.AcceptsOffer]);
        if (back >= Floor) s.Leaning *= (float)(1 - back);
        if (s.IsOpen || s.Stage == CancelStage.Confirmed) return;
        double leaves = Math.Max(e[Signal.CancelRequest], e.Has(Signal.CancelHint) ? 0 : e[Signal.CancelHint]) * (1 - e[Signal.CancelOther]);
        Lean(ref s, e.Seq, leaves);
    }

    /// <summary>That the agent answers a wish to leave, and that he holds it up; a turn counts once, by what is most probable in it.</summary>
    public static void HearAgent(ref DialogueState s, in LogEntry e, bool askedFor)
    {
        double answers = Math.Max(Math.Max(e[Signal.AsksWhy], e[Signal.AcknowledgesRequest]), e[Signal.ConfirmsCancellation]);
        if (!s.IsOpen && s.Stage != CancelStage.Confirmed) Lean(ref s, e.Seq, answers * Secondhand);

        // Who says yes does not hold back with the same words.
        if (e.Has(Signal.AcknowledgesRequest) || e.Has(Signal.ConfirmsCancellation)) return;
        double holds = 0;
        foreach (Signal signal in HoldingBack)
        {
            // What is sure over an open request is a fact and counted there; an offer that was asked for holds nobody back.
            bool counts = !(s.IsOpen && e.Has(signal)) && !(askedFor && signal == Signal.SaveOffer);
            if (counts) holds = Math.Max(holds, e[signal]);
        }

        holds *= 1 - Math.Max(e[Signal.AcknowledgesRequest], e[Signal.ConfirmsCancellation]);
        if (holds < Floor) return;
        float weight = (float)(holds * (s.IsOpen ? 1 : s.Leaning));
        if (weight <= s.HeldBackInTurn) return;
        s.HeldBack += weight - s.HeldBackInTurn;
        s.HeldBackInTurn = weight;
        s.Seqs[(int)Feature.HeldBack] = e.Seq;
    }

    private static void Lean(ref DialogueState s, uint seq, double by)
    {
        if (by < Floor) return;
        s.Leaning += (float)((1 - s.Leaning) * by);
        s.Seqs[(int)Feature.Leaning] = seq;
    }
}
