using System.Collections.Concurrent;
using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests;

/// <summary>The real server on free loopback ports, and our client to it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private TestServer(WebApplication app, RecordedLog log)
    {
        App = app;
        Log = log;
        Address = ServerHost.GrpcAddress(app);
        Ops = new HttpClient { BaseAddress = ServerHost.OpsAddress(app) };
        Channel = GrpcChannel.ForAddress(Address);
        Client = new ScoringService.ScoringServiceClient(Channel);
    }

    internal static ServerOptions FreePorts { get; } = new()
    {
        Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Ops = new IPEndPoint(IPAddress.Loopback, 0) },
        Drain = new DrainOptions { LameDuck = TimeSpan.Zero, Time = TimeSpan.Zero },
        // Tests of other things run at the same time, some of which hold up threads on purpose: nothing is shed for that.
        Limits = new LimitOptions { QueueTarget = TimeSpan.FromSeconds(60) },
    };

    internal WebApplication App { get; }

    internal RecordedLog Log { get; }

    internal Uri Address { get; }

    internal HttpClient Ops { get; }

    internal GrpcChannel Channel { get; }

    internal ScoringService.ScoringServiceClient Client { get; }

    internal static WebApplication Build(Func<ServerOptions, ServerOptions>? options, TimeProvider? time, RecordedLog log, object? replace = null) =>
        ServerHost.Build(options?.Invoke(FreePorts) ?? FreePorts, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Logging.AddProvider(log);
            if (time is not null) builder.Services.Replace(ServiceDescriptor.Singleton(time));
            if (replace is not null) builder.Services.Replace(new ServiceDescriptor(replace.GetType(), replace));
        });

    internal static async Task<TestServer> StartAsync(
        Func<ServerOptions, ServerOptions>? options = null, TimeProvider? time = null, Action<IServiceProvider>? before = null, object? replace = null)
    {
        var log = new RecordedLog();
        WebApplication app = Build(options, time, log, replace);
        app.Services.GetRequiredService<Scoring.WarmUp>().Calls = 1;
        before?.Invoke(app.Services);
        await app.StartAsync().Within();
        return new TestServer(app, log);
    }

    internal T Service<T>()
        where T : notnull => App.Services.GetRequiredService<T>();

    internal TestCall Call(Grpc.Core.Metadata? headers = null) => new(Client.ScoreCall(headers));

    internal TestCall CallOnItsOwnConnection(out GrpcChannel channel)
    {
        channel = GrpcChannel.ForAddress(Address);
        return new TestCall(new ScoringService.ScoringServiceClient(channel).ScoreCall());
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        Ops.Dispose();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await App.StopAsync(stop.Token).Within();
        await App.DisposeAsync().AsTask().Within();
    }
}

/// <summary>Everything that was logged, as text.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    internal ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
