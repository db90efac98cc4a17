using System.Threading.Channels;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Auditing;

/// <summary>
/// Writes the audit log: who opened, attached to and took over a call. Lines are chained by hash
/// (<see cref="AuditEntry"/>) and written by one loop; where it cannot keep up, whoever opens waits: no call is opened without its line. A file that cannot
/// be written is said once in the log, and lines wait for it up to the bound. Off without <c>Audit:Path</c>. Safe for any thread.
/// </summary>
internal sealed partial class AuditLog : IHostedService, IAsyncDisposable
{
    private const int MostWaiting = 4096;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly Channel<Happening> waiting = Channel.CreateBounded<Happening>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly CancellationTokenSource stopping = new();
    private readonly string? path;
    private readonly string node;
    private readonly TimeProvider time;
    private readonly ILogger<AuditLog> logger;
    private Task writing = Task.CompletedTask;

    public AuditLog(ServerOptions options, TimeProvider time, ILogger<AuditLog> logger)
    {
        path = options.Audit.Path;
        node = options.Node;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>Says what happened; waits only where the log is behind.</summary>
    /// <param name="what">opened, attached or took_over.</param>
    /// <param name="who">Name of the credential.</param>
    /// <param name="tenant">Whose call.</param>
    /// <param name="call">The call's id; empty where it is about none.</param>
    internal ValueTask WriteAsync(string what, string who, string tenant, string call) =>
        path is null ? ValueTask.CompletedTask : waiting.Writer.WriteAsync(new Happening(time.GetUtcNow(), what, who, tenant, call));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (path is not null) writing = Task.Run(() => RunAsync(path), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Writes what is waiting, then closes the file.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!waiting.Writer.TryComplete()) return; // twice: by the host, and with its services
        await stopping.CancelAsync().ConfigureAwait(false);
        await writing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private async Task RunAsync(string to)
    {
        bool isFailing = false;
        AuditTail? tail = null;
        while (await waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            try
            {
                using var writer = AuditWriter.Open(to, tail);
                while (waiting.Reader.TryPeek(out Happening? next))
                {
                    writer.Write(next, node);
                    waiting.Reader.TryRead(out _);
                }

                tail = writer.Tail;
                isFailing = false;
            }
            catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
            {
                if (!isFailing) Failed(logger, to, unwritable.Message);
                isFailing = true;
                tail = null; // a line may have got half way: what is there now is read again
                if (stopping.IsCancellationRequested) return;
                await Task.Delay(Retry, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The audit log {Path} cannot be written; calls wait for it once its queue is full. {Why}")]
    private static partial void Failed(ILogger logger, string path, string why);
}
