using Grpc.Core;
using Grpc.Health.V1;
using Proto = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace RetentionScore.Server.Health;

/// <summary>The standard health service over <see cref="ServingStatus"/>: load balancers and probes ask it whether to send calls here.</summary>
internal sealed class HealthService(ServingStatus serving) : Grpc.Health.V1.Health.HealthBase
{
    // The contract's limit of List.
    private const int MaxListed = 100;

    /// <summary>One service's status; NOT_FOUND for a service that was never set.</summary>
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        serving.Current.Of(request.Service) is { } status
            ? Task.FromResult(new HealthCheckResponse { Status = status })
            : throw new RpcException(new Status(StatusCode.NotFound, $"unknown service '{request.Service}'"));

    /// <summary>Every service's status; RESOURCE_EXHAUSTED for more than 100.</summary>
    public override Task<HealthListResponse> List(HealthListRequest request, ServerCallContext context)
    {
        var services = serving.Current.Services;
        if (services.Count > MaxListed)
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"{services.Count} services, at most {MaxListed} are listed"));
        }

        var response = new HealthListResponse();
        foreach (var (service, status) in services) response.Statuses.Add(service, new HealthCheckResponse { Status = status });
        return Task.FromResult(response);
    }

    /// <summary>
    /// The status now and after each change, SERVICE_UNKNOWN while the service is not known. Of changes in quick succession the last one is
    /// sent. Ends when the client leaves and when the server stops.
    /// </summary>
    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        Proto? said = null;
        try
        {
            while (true)
            {
                var now = serving.Current;
                var status = now.Of(request.Service) ?? Proto.ServiceUnknown;
                if (status != said)
                {
                    await responseStream.WriteAsync(new HealthCheckResponse { Status = status });
                    said = status;
                }

                if (now.Stopped) return;
                await now.Replaced.Task.WaitAsync(context.CancellationToken);
            }
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            // The client left: whatever was thrown says only that.
        }
    }
}
