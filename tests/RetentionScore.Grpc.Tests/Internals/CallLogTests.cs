using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RetentionScore.Grpc.Tests.Internals;

/// <summary>What is logged of calls that fail, and how loud.</summary>
public sealed class CallLogTests
{
    private const string Unary = "/retentionscore.grpctest.v1.EchoService/Unary";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Failure_IsAnErrorOfTheHandler_NotOfWhoeverSendsRubbish(bool isRubbish)
    {
        using var log = new Recorded();
        await using var host = await EchoHost.StartAsync(
            handlers => handlers.Unary = (_, _) => throw new InvalidOperationException("a bug"), services: services => services.AddSingleton<ILoggerProvider>(log));
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(Unary, RawHttp.Frame(isRubbish ? [0xff, 0xff] : []));
        Assert.Equal((int)StatusCode.Unknown, response.Status);
        Assert.Equal(!isRubbish, log.Lines.Any(line => line.Level >= LogLevel.Warning));
        if (isRubbish) Assert.Contains(log.Lines, line => line.Level == LogLevel.Information && line.Text.Contains("does not read", StringComparison.Ordinal));
    }

    private sealed class Recorded : ILoggerProvider, ILogger
    {
        internal ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, formatter(state, exception)));

        public void Dispose()
        {
        }
    }
}
