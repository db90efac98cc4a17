namespace RetentionScore.Server.Draining;

/// <summary>How far the server has come, or gone.</summary>
internal enum Phase
{
    /// <summary>Not ready yet: starts are refused with NOT_READY.</summary>
    Starting,
    /// <summary>Calls are taken.</summary>
    Serving,
    /// <summary>Calls are taken, but health says NOT_SERVING.</summary>
    LameDuck,
    /// <summary>Starts are refused with DRAINING; open streams go on.</summary>
    Draining,
    /// <summary>Open streams end with DRAINING.</summary>
    Stopping,
}

/// <summary>The phase the server is in. Safe for any thread.</summary>
internal sealed class ServerPhase
{
    private volatile Phase phase = Phase.Starting;

    internal Phase Now => phase;

    internal bool IsServing => phase == Phase.Serving;

    /// <summary>Never back.</summary>
    internal void Enter(Phase next)
    {
        if (next > phase) phase = next;
    }
}
