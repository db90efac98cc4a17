using System.Net;
using RetentionScore.LoadTests.Carriers;
using RetentionScore.LoadTests.Loop;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>Calls under way to one server. Phases follow one another without a pause: whoever changes the rate changes it for calls that go on.</summary>
internal sealed class Load : IDisposable
{
    private const string StreamPath = "/retentionscore.v1.ScoringService/ScoreCall";
    private const string TrunkPath = "/retentionscore.v1.ScoringService/ScoreCalls";
    private const double NsPerSecond = 1e9;

    private readonly LoadPlan plan;
    private readonly ServerWatch watch;
    private readonly LoadClock clock;
    private readonly LoadLoop loop;
    private readonly List<Lane> lanes = [];
    private readonly ICarrier[] carriers;

    internal Load(LoadPlan plan, Uri server, ServerWatch watch)
    {
        this.plan = plan;
        this.watch = watch;
        clock = new LoadClock(plan.Burst);
        IPAddress address = Dns.GetHostAddresses(server.Host).First();
        var endPoint = new IPEndPoint(address, server.Port);
        ICarrier carrier = plan.Carriage switch
        {
            Carriage.Trunk => new TrunkCarrier(endPoint, TrunkPath, plan.Connections, plan.Window),
            Carriage.Echo => new StreamCarrier(endPoint, EchoService.Path, plan.Connections, plan.Window),
            _ => new StreamCarrier(endPoint, StreamPath, plan.Connections, plan.Window),
        };
        var slow = new StreamCarrier(endPoint, StreamPath, 1, plan.SlowWindow, reads: false);
        carriers = plan.SlowCalls > 0 ? [carrier, slow] : [carrier];
        loop = new LoadLoop(clock, carriers, plan.Linger);
        Func<ReadOnlySpan<byte>, AnswerKind> kindOf = plan.Carriage == Carriage.Echo ? AnswerKinds.OfEcho : AnswerKinds.OfServer;
        for (int i = 0; i < plan.Calls; i++) lanes.Add(new Lane(i, clock, carrier, plan.Scripts, Record, kindOf) { Channel = (uint)(i / plan.Connections) + 1 });
        for (int i = 0; i < plan.SlowCalls; i++) lanes.Add(new Lane(plan.Calls + i, clock, slow, plan.Scripts, Record, kindOf) { IsExpectedToFail = true });
    }

    internal Record Record { get; } = new();

    internal int LiveCalls => lanes.Count(lane => lane.IsLive);

    /// <summary>Starts the calls, spread over the ramp, and lets them run to the end of the warm-up.</summary>
    internal PhaseResult Start(double rate)
    {
        Wire.Poll.MakeThisThreadPunctual();
        return Run("warm-up", rate, plan.Ramp + plan.Warmup, begin: () =>
        {
            long now = LoadClock.Now;
            for (int i = 0; i < lanes.Count; i++) clock.Schedule(lanes[i], now + (long)(plan.Ramp.TotalNanoseconds * i / lanes.Count));
        });
    }

    /// <summary>Runs at a rate and measures.</summary>
    /// <param name="name">Of the phase.</param>
    /// <param name="rate">Utterances a second.</param>
    /// <param name="length">How long.</param>
    /// <param name="begin">What happens at its beginning.</param>
    internal PhaseResult Run(string name, double rate, TimeSpan length, Action? begin = null)
    {
        double utterances = 0, callMs = 0;
        foreach (var script in plan.Scripts)
        {
            utterances += script.Utterances;
            callMs += script.CycleMs;
        }

        // A call's own pace, sped up or slowed down until all calls together make the rate.
        clock.NsPerCallMs = plan.Calls * utterances / callMs / rate * NsPerSecond;
        var record = new PhaseRecord(LoadClock.Now);
        Record.Begin(record);
        ServerSample before = watch.Take();
        begin?.Invoke();
        loop.Run(record.From + (long)length.TotalNanoseconds);
        ServerSample after = watch.Take();
        return new PhaseResult(name, rate, (LoadClock.Now - record.From) / NsPerSecond, record, before, after) { LiveCalls = LiveCalls };
    }

    /// <summary>Cuts all connections at once; everybody comes back and goes on with the same call.</summary>
    internal void CutAll()
    {
        foreach (ICarrier carrier in carriers) carrier.Cut();
        long now = LoadClock.Now;
        foreach (Lane lane in lanes) lane.ComeBack(now);
    }

    /// <summary>Waits for answers that are under way, and counts those that do not come.</summary>
    internal void Settle(TimeSpan atMost)
    {
        long from = LoadClock.Now;
        Record.Begin(new PhaseRecord(from));
        loop.Run(from + (long)atMost.TotalNanoseconds);
        long now = LoadClock.Now;
        foreach (Lane lane in lanes) lane.GiveUp(now);
    }

    public void Dispose()
    {
        foreach (ICarrier carrier in carriers) carrier.Cut();
    }
}
