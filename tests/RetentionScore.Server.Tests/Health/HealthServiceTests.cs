using System.Diagnostics;
using Grpc.Core;
using Grpc.Health.V1;
using RetentionScore.Server.Health;
using Proto = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace RetentionScore.Server.Tests.Health;

public sealed class HealthServiceTests : IAsyncLifetime
{
    private const string Service = "some.Service";

    private ServicesHost host = null!;
    private Grpc.Health.V1.Health.HealthClient client = null!;

    public async Task InitializeAsync()
    {
        host = await ServicesHost.StartAsync();
        client = new Grpc.Health.V1.Health.HealthClient(host.Channel);
    }

    public Task DisposeAsync() => host.DisposeAsync().AsTask();

    [Theory]
    [InlineData(ServingStatus.WholeServer, Proto.Serving)]
    [InlineData(ServingStatus.WholeServer, Proto.NotServing)]
    [InlineData(Service, Proto.NotServing)]
    public async Task Check_ServiceThatWasSet_ItsStatus(string service, Proto status)
    {
        host.Serving.Set(service, status);
        Assert.Equal(status, (await CheckAsync(service)).Status);
    }

    [Fact]
    public async Task Check_UnknownService_NotFound()
    {
        host.Serving.Set(ServingStatus.WholeServer, Proto.Serving);
        var error = await Assert.ThrowsAsync<RpcException>(() => CheckAsync(Service));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains(Service, error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_TwoServices_BothWithTheirStatus()
    {
        host.Serving.Set(ServingStatus.WholeServer, Proto.Serving);
        host.Serving.Set(Service, Proto.NotServing);
        var statuses = (await ListAsync()).Statuses;
        Assert.Equal(2, statuses.Count);
        Assert.Equal(Proto.Serving, statuses[ServingStatus.WholeServer].Status);
        Assert.Equal(Proto.NotServing, statuses[Service].Status);
    }

    [Fact]
    public async Task List_MoreThan100_ResourceExhausted()
    {
        for (var i = 0; i < 100; i++) host.Serving.Set($"service.{i}", Proto.Serving);
        Assert.Equal(100, (await ListAsync()).Statuses.Count);
        host.Serving.Set("service.100", Proto.Serving);
        var error = await Assert.ThrowsAsync<RpcException>(ListAsync);
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Fact]
    public async Task Watch_ServiceBecomesKnownAndChanges_EachIsSaid()
    {
        using var watch = Watch(Service);
        Assert.Equal(Proto.ServiceUnknown, await NextAsync(watch));
        foreach (var status in new[] { Proto.Serving, Proto.NotServing, Proto.Serving })
        {
            host.Serving.Set(Service, status);
            Assert.Equal(status, await NextAsync(watch));
        }
    }

    [Fact]
    public async Task Watch_AnotherServiceOrSameStatusSet_NothingSaid()
    {
        host.Serving.Set(Service, Proto.Serving);
        using var watch = Watch(Service);
        Assert.Equal(Proto.Serving, await NextAsync(watch));
        host.Serving.Set("another.Service", Proto.NotServing);
        host.Serving.Set(Service, Proto.Serving);
        host.Serving.Set(Service, Proto.NotServing);
        Assert.Equal(Proto.NotServing, await NextAsync(watch));
    }

    [Fact]
    public async Task Watch_ServerStops_NotServingThenTheEnd()
    {
        host.Serving.Set(ServingStatus.WholeServer, Proto.Serving);
        using var watch = Watch(ServingStatus.WholeServer);
        Assert.Equal(Proto.Serving, await NextAsync(watch));
        var clock = Stopwatch.StartNew();
        var stopped = host.StopAsync();
        Assert.Equal(Proto.NotServing, await NextAsync(watch));
        Assert.False(await watch.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServicesHost.Patience));
        await stopped;
        // An open watch would otherwise hold the process for the host's 30 s.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Stop_SetLater_StaysNotServing()
    {
        host.Serving.Set(Service, Proto.Serving);
        host.Serving.Stop();
        host.Serving.Set(Service, Proto.Serving);
        Assert.Equal(Proto.NotServing, (await CheckAsync(Service)).Status);
    }

    [Fact]
    public async Task Set_ManyThreads_WatchEndsOnTheLastStatus()
    {
        using var watch = Watch(Service);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 500; i++) host.Serving.Set(i % 2 == 0 ? Service : $"service.{thread}", (Proto)(i / 2 % 3));
        }))).WaitAsync(ServicesHost.Patience);
        Assert.Equal(9, host.Serving.Current.Services.Count);
        host.Serving.Set(Service, Proto.NotServing);
        host.Serving.Set("the.last", Proto.Serving);
        // Watches may leave out statuses that did not last, but not the one that stands.
        var said = await NextAsync(watch);
        while (said != Proto.NotServing) said = await NextAsync(watch);
        host.Serving.Set(Service, Proto.Serving);
        while (said != Proto.Serving) said = await NextAsync(watch);
    }

    private Task<HealthCheckResponse> CheckAsync(string service) =>
        client.CheckAsync(new HealthCheckRequest { Service = service }).ResponseAsync.WaitAsync(ServicesHost.Patience);

    private Task<HealthListResponse> ListAsync() => client.ListAsync(new HealthListRequest()).ResponseAsync.WaitAsync(ServicesHost.Patience);

    private AsyncServerStreamingCall<HealthCheckResponse> Watch(string service) => client.Watch(new HealthCheckRequest { Service = service });

    private static async Task<Proto> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServicesHost.Patience), "the watch ended");
        return watch.ResponseStream.Current.Status;
    }
}
