using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Dialogue;

/// <summary>
/// One step of the dialogue: an entry of the signal log changes the state. The whole of what a call remembers comes from here. Steps: the
/// clock moves; a customer's words, an agent's words or an event are taken in; what depends on all of it is brought up to date.
/// </summary>
internal static class Fold
{
    /// <summary>Moods halve in this time.</summary>
    public const int MoodHalfLifeMs = 90_000;

    /// <summary>What the fold takes from the policy.</summary>
    /// <param name="SaveLimit">Save attempts that the jurisdiction and the policy allow.</param>
    /// <param name="RequestLine">Probability that a request must have besides: none, on interims 0.9.</param>
    public readonly record struct Rules(int SaveLimit, double RequestLine = 0);

    /// <summary>Applies one entry.</summary>
    public static void Apply(ref DialogueState s, in LogEntry entry, in Rules rules)
    {
        s.NowMs = Math.Max(s.NowMs, entry.EndMs);
        s.LastSeq = Math.Max(s.LastSeq, entry.Seq);
        switch (entry.Kind)
        {
            case EntryKind.Utterance when entry.Speaker == Speaker.Customer:
                s.Utterances++;
                CustomerFold.Hear(ref s, entry, rules);
                break;
            case EntryKind.Utterance when entry.Speaker != Speaker.Unspecified:
                s.Utterances++;
                AgentFold.Hear(ref s, entry, rules);
                break;
            case EntryKind.Utterance:
                s.Utterances++;
                break;
            case EntryKind.Event:
                EventFold.Take(ref s, entry, rules);
                break;
            case EntryKind.Place:
            default:
                break;
        }

        s.LongestUnacknowledgedMs = Math.Max(s.LongestUnacknowledgedMs, s.UnacknowledgedMs);
        if (s.IsOverdue) s.Seqs[(int)Feature.Overdue] = s.Seqs[(int)Feature.UnacknowledgedMinutes] = entry.Seq;
    }

    /// <summary>Closes a request: confirmed or taken back.</summary>
    public static void Close(ref DialogueState s, CancelStage to, uint seq)
    {
        s.Stage = to;
        s.ClosedMs = s.NowMs;
        s.WordsOnly = false;
        if (to == CancelStage.Confirmed)
        {
            if (s.ConfirmedMs < 0) s.ConfirmedMs = s.NowMs;
            if (s.AcknowledgedMs < 0) s.AcknowledgedMs = s.NowMs;
            if (s.Exit[0] == 0) s.Exit[0] = seq;
            s.Seqs[(int)Feature.Confirmed] = seq;
            s.Moments.Add(seq, s.NowMs, MomentKind.Confirmed);
        }
        else
        {
            s.Seqs[(int)Feature.Withdrawn] = seq;
        }
    }

    /// <summary>Says yes to a waiting request.</summary>
    public static void Acknowledge(ref DialogueState s, uint seq)
    {
        if (s.TurnsSinceRequest == 0 && !s.WordsOnly && s.Repeats == 0 && s.AcknowledgedMs < 0)
            s.Moments.Add(seq, s.NowMs, MomentKind.AcknowledgedAtOnce);
        s.StageBeforeAcknowledged = s.Stage;
        s.Stage = CancelStage.Acknowledged;
        s.AcknowledgedAgentTurn = s.AgentTurns;
        s.AgentTurn |= TurnActs.Acknowledged;
        s.AcknowledgedMs = s.NowMs;
        if (s.Exit[0] == 0) s.Exit[0] = seq;
    }

    /// <summary>Another person takes the call: what he did not hear does not count against him; the customer's clock goes on.</summary>
    public static void NewPerson(ref DialogueState s)
    {
        s.NewPerson = true;
        s.AgentIsBot = false;
        s.PersonWhysAfterAnswer = 0;
        s.PersonHeardRefusal = s.PersonHeardReason = false;
        s.TurnsSinceRequest = 0;
        s.AgentTurnsSinceRequest = 0;
        s.AgentTurn = s.AgentTurnBefore = TurnActs.None;
        s.AgentHasTurn = false;
        s.RequestTurnEndMs = s.NowMs;
    }
}
