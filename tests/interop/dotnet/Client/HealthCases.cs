using Grpc.Core;
using Grpc.Health.V1;
using RetentionScore.Interop.V1;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace RetentionScore.Interop.Client;

/// <summary>The standard health service.</summary>
internal sealed class HealthCases(Target target)
{
    private static readonly string Service = InteropService.Descriptor.FullName;

    public async Task Health_Check()
    {
        Check.Equal(ServingStatus.Serving, await CheckAsync(""), "the server");
        Check.Equal(ServingStatus.Serving, await CheckAsync(Service), "the service");
    }

    public async Task Health_Check_Unknown() => await Check.FailsAsync(StatusCode.NotFound, () => CheckAsync("no.such.Service"));

    public async Task Health_List()
    {
        var statuses = (await target.Health.ListAsync(new HealthListRequest(), deadline: Target.Soon)).Statuses;
        Check.Equal((ServingStatus.Serving, ServingStatus.Serving), (statuses[""].Status, statuses[Service].Status));
    }

    public async Task Health_Watch_Changes()
    {
        var service = Target.NameCall();
        using var cancel = new CancellationTokenSource();
        using var watch = target.Health.Watch(
            new HealthCheckRequest { Service = service }, deadline: Target.Soon, cancellationToken: cancel.Token);
        Check.Equal(ServingStatus.ServiceUnknown, (await watch.ResponseStream.NextAsync()).Status);
        foreach (var status in new[] { ServingStatus.Serving, ServingStatus.NotServing, ServingStatus.Serving })
        {
            await target.Echo.SetHealthAsync(new SetHealthRequest { Service = service, Status = (int)status }, deadline: Target.Soon);
            Check.Equal(status, (await watch.ResponseStream.NextAsync()).Status);
        }

        Check.Equal(ServingStatus.Serving, await CheckAsync(service));
        await cancel.CancelAsync();
        await Check.FailsAsync(StatusCode.Cancelled, watch.ResponseStream.RestAsync);
    }

    private async Task<ServingStatus> CheckAsync(string service) =>
        (await target.Health.CheckAsync(new HealthCheckRequest { Service = service }, deadline: Target.Soon)).Status;
}
