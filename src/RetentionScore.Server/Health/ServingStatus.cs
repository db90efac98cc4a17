using System.Collections.Immutable;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace RetentionScore.Server.Health;

/// <summary>
/// Whether this server, and each of its services by full name, takes calls. Safe for any thread: readers take an immutable snapshot.
/// </summary>
public sealed class ServingStatus
{
    /// <summary>The name under which the server as a whole is asked for.</summary>
    public const string WholeServer = "";

    private readonly Lock gate = new();
    private volatile Snapshot current = new(ImmutableSortedDictionary.Create<string, Status>(StringComparer.Ordinal), Stopped: false);

    /// <summary>Every service's status as it is now.</summary>
    internal Snapshot Current => current;

    /// <summary>Sets the status of one service, or of the <see cref="WholeServer"/>. Ignored after <see cref="Stop"/>.</summary>
    public void Set(string service, Status status) => Change(now => now with { Services = now.Services.SetItem(service, status) });

    /// <summary>
    /// Everything is NOT_SERVING from now on, whatever is set later, and watches end: an open watch must not hold up the end of the process.
    /// </summary>
    public void Stop() => Change(now => new Snapshot(
        now.Services.ToImmutableSortedDictionary(service => service.Key, _ => Status.NotServing, StringComparer.Ordinal), Stopped: true));

    private void Change(Func<Snapshot, Snapshot> change)
    {
        Snapshot before;
        lock (gate)
        {
            before = current;
            if (before.Stopped) return;
            var after = change(before);
            current = after with { Replaced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) };
        }

        before.Replaced.SetResult();
    }

    /// <param name="Services">Status by name, in the order of the names.</param>
    /// <param name="Stopped">Nothing changes any more.</param>
    internal sealed record Snapshot(ImmutableSortedDictionary<string, Status> Services, bool Stopped)
    {
        /// <summary>Completed when a newer snapshot has taken this one's place.</summary>
        public TaskCompletionSource Replaced { get; init; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The status of a service; null where it is not known.</summary>
        public Status? Of(string service) => Services.TryGetValue(service, out var status) ? status : null;
    }
}
