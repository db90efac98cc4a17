using System.Diagnostics;
using Grpc.Core;
using Grpc.Health.V1;
using RetentionScore.Server.Draining;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests;

public sealed class DrainTests
{
    private static readonly TimeSpan Ms = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task CtrlC_WithOpenStreamsAndAnOpenWatch_IsDoneInUnderTwoSeconds()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Drain = new DrainOptions() });
        TestCall[] calls = [.. Enumerable.Range(0, 20).Select(_ => server.Call())];
        for (int i = 0; i < calls.Length; i++) await calls[i].OpenAsync($"c{i}");
        using var watch = new global::Grpc.Health.V1.Health.HealthClient(server.Channel).Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());

        var clock = Stopwatch.StartNew();
        server.Service<Drain>().Interrupt();
        Task stopping = server.App.StopAsync();
        foreach (TestCall call in calls)
        {
            V1.Draining draining = (await call.ReadAsync()).Draining;
            Assert.InRange(draining.TimeLeftMs, 1u, 500u);
            Assert.InRange(draining.ReconnectAfterMs, 0u, draining.TimeLeftMs);
            Refused refused = await Refused.ByAsync(call);
            Assert.Equal(StatusCode.Unavailable, refused.Code);
            Assert.Equal("DRAINING", refused.Reason);
            Assert.NotNull(refused.RetryAfter);
        }

        await stopping.Within();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        foreach (TestCall call in calls) call.Dispose();
    }

    [Fact]
    public async Task ThreePhases_LameDuckTakesCalls_DrainRefusesStarts_OpenStreamsGoOn()
    {
        await using TestServer server = await TestServer.StartAsync(
            options => options with { Drain = new DrainOptions { LameDuck = 2000 * Ms, Time = 8000 * Ms } });
        using TestCall open = server.Call(), second = server.Call();
        await open.OpenAsync("open");
        var health = new global::Grpc.Health.V1.Health.HealthClient(server.Channel);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest()).ResponseAsync.Within()).Status);

        Task stopping = server.App.StopAsync();
        await Waiting.UntilAsync(() => server.Service<ServerPhase>().Now == Phase.LameDuck);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, (await health.CheckAsync(new HealthCheckRequest()).ResponseAsync.Within()).Status);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await server.Ops.GetAsync("/readyz").Within()).StatusCode);
        Assert.Contains("retentionscore_draining 1\n", await server.Ops.GetStringAsync("/metrics").Within(), StringComparison.Ordinal);
        await second.OpenAsync("in-lame-duck");

        Assert.NotNull((await open.ReadAsync()).Draining);
        Assert.Equal(Phase.Draining, server.Service<ServerPhase>().Now);
        using (TestCall late = server.CallOnItsOwnConnection(out var channel))
        {
            await late.SendAsync(new CallStart { CallId = "late", ResumeFrom = 1 });
            Refused refused = await Refused.ByAsync(late);
            Assert.Equal("DRAINING", refused.Reason);
            Assert.NotNull(refused.RetryAfter);
            channel.Dispose();
        }

        Assert.Equal(1u, (await open.SayAsync(1, "I want to cancel my service.")).Seq);
        await open.EndAsync(2);
        await open.HalfCloseAsync();
        Assert.Empty(await open.RestAsync());
        Assert.NotNull((await second.ReadAsync()).Draining);
        await second.HalfCloseAsync();
        Assert.Empty(await second.RestAsync());

        // No stream is left: the rest of the time is not waited for.
        var clock = Stopwatch.StartNew();
        await stopping.Within();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task StreamThatHasNotStarted_EndsWithDraining()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.Raw.ResponseHeadersAsync.Within();
        Task stopping = server.App.StopAsync();
        Assert.Equal("DRAINING", (await Refused.ByAsync(call)).Reason);
        await stopping.Within();
    }

    [Fact]
    public async Task CtrlC_WithAClientThatDoesNotRead_IsDoneInUnderTwoAndAHalfSeconds()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Drain = new DrainOptions() });
        using TestCall call = server.Call();
        await call.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Explain = true });
        for (uint seq = 1; seq <= 500; seq++) await call.SendAsync(Say.Final(seq, "I want to cancel my service, I am very unhappy."));
        var clock = Stopwatch.StartNew();
        server.Service<Drain>().Interrupt();
        await server.App.StopAsync().Within();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2.5));
    }

    [Fact]
    public async Task StreamThatStartsInTheDrain_IsRefused()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Drain = new DrainOptions { LameDuck = TimeSpan.Zero, Time = 1000 * Ms } });
        using TestCall call = server.Call();
        await call.Raw.ResponseHeadersAsync.Within();
        Task stopping = server.App.StopAsync();
        await Waiting.UntilAsync(() => server.Service<ServerPhase>().Now == Phase.Draining);
        await call.SendAsync(new CallStart { CallId = "c", ResumeFrom = 1 });
        Assert.Equal("DRAINING", (await Refused.ByAsync(call)).Reason);
        await stopping.Within();
    }

    [Theory]
    [InlineData("INT", 0, 2000)]
    [InlineData("TERM", 700, 4000)]
    public async Task Process_SignalledWithAnOpenStream_DrainsAndExitsWithZero(string signal, int atLeastMs, int atMostMs)
    {
        var info = new ProcessStartInfo(
            "dotnet", [typeof(ServerHost).Assembly.Location, "--Listen:Grpc=127.0.0.1:0", "--Listen:Ops=127.0.0.1:0", "--Drain:LameDuck=700ms", "--Drain:Time=1s", "--Journal:Store=memory"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using Process server = Process.Start(info)!;
        string? listening = null;
        while (await server.StandardOutput.ReadLineAsync().WaitAsync(Waiting.Limit) is { } line && !line.Contains("Application started", StringComparison.Ordinal))
        {
            int at = line.IndexOf("http://", StringComparison.Ordinal);
            if (at >= 0) listening ??= line[at..].Trim();
        }

        Task<string> rest = server.StandardOutput.ReadToEndAsync();
        using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(listening!);
        using var call = new TestCall(new ScoringService.ScoringServiceClient(channel).ScoreCall());
        await call.OpenAsync("c");
        var clock = Stopwatch.StartNew();
        using (Process kill = Process.Start("kill", [$"-{signal}", server.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync().Within();
        Assert.NotNull((await call.ReadAsync()).Draining);
        Assert.Equal("DRAINING", (await Refused.ByAsync(call)).Reason);
        await server.WaitForExitAsync().Within();
        Assert.InRange(clock.ElapsedMilliseconds, atLeastMs, atMostMs);
        Assert.Equal(0, server.ExitCode);
        await rest.Within();
    }
}
