namespace RetentionScore.Server.Scoring.Trunk;

/// <summary>Calls with messages to answer, each once, in the order of their turns. Links are in the calls; nothing is allocated. The loop's alone.</summary>
internal sealed class TurnLine
{
    private TrunkCall? first, last;

    internal bool IsEmpty => first is null;

    /// <summary>Puts a call at the end, unless it has its place.</summary>
    internal void Add(TrunkCall call)
    {
        if (call.NextReady is not null || ReferenceEquals(call, last)) return;
        if (first is null) first = call;
        else last!.NextReady = call;
        last = call;
    }

    /// <summary>The call whose turn it is; null where nobody's is.</summary>
    internal TrunkCall? Take()
    {
        TrunkCall? call = first;
        if (call is null) return null;
        first = call.NextReady;
        if (first is null) last = null;
        call.NextReady = null;
        return call;
    }
}
