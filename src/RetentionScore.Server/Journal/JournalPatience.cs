using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Journal;

/// <summary>
/// How often the journal is asked again: a commit for ever, with exponential back-off and jitter; a claim once, since its client asks again, and
/// behind a circuit breaker, so that nobody waits for a database that is known to be gone. Safe for any thread.
/// </summary>
internal sealed class JournalPatience
{
    private static readonly TimeSpan BreakTime = TimeSpan.FromSeconds(1);

    private readonly ResiliencePipeline once, forever;

    internal JournalPatience(JournalOptions options, TimeProvider time)
    {
        var breaker = new CircuitBreakerStrategyOptions
        {
            FailureRatio = 0.5,
            MinimumThroughput = 2,
            SamplingDuration = TimeSpan.FromSeconds(5),
            BreakDuration = BreakTime,
            ShouldHandle = new PredicateBuilder().Handle<Exception>(exception => exception is not OperationCanceledException),
        };
        once = new ResiliencePipelineBuilder { TimeProvider = time }.AddCircuitBreaker(breaker).AddTimeout(options.Timeout).Build();
        forever = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(20),
                MaxDelay = options.MaxRetryDelay,
                ShouldHandle = new PredicateBuilder().Handle<Exception>(exception => exception is not OperationCanceledException),
                OnRetry = retry =>
                {
                    if (retry.Outcome.Exception is { } exception && retry.Context.Properties.TryGetValue(OnFailure, out Action<Exception>? failed)) failed(exception);
                    return default;
                },
            })
            .AddTimeout(options.CommitTimeout)
            .Build();
    }

    private static ResiliencePropertyKey<Action<Exception>> OnFailure { get; } = new("on-failure");

    /// <summary>Asks once, for a limited time.</summary>
    /// <exception cref="TimeoutRejectedException">It took too long.</exception>
    /// <exception cref="BrokenCircuitException">It is known to fail.</exception>
    internal ValueTask<T> OnceAsync<TState, T>(TState state, Func<TState, CancellationToken, Task<T>> ask, CancellationToken cancellationToken) =>
        once.ExecuteAsync(static (call, token) => new ValueTask<T>(call.ask(call.state, token)), (state, ask), cancellationToken);

    /// <summary>Tries until it is done, or given up; every failure is told.</summary>
    internal async ValueTask UntilDoneAsync<TState>(TState state, Func<TState, CancellationToken, Task> act, Action<Exception> failed, CancellationToken cancellationToken)
    {
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            context.Properties.Set(OnFailure, failed);
            await forever.ExecuteAsync(static (context, call) => new ValueTask(call.act(call.state, context.CancellationToken)), context, (state, act)).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }
}
