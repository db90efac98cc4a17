namespace RetentionScore.Server.Health;

/// <summary>Registers the health service. Whoever knows whether calls are taken sets <see cref="ServingStatus"/>.</summary>
public static class HealthExtensions
{
    /// <summary>Adds <see cref="ServingStatus"/>; nothing is known in it yet, not even the server as a whole.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services) => services.AddSingleton<ServingStatus>();

    /// <summary>Maps grpc.health.v1.Health, which says NOT_SERVING and ends its watches when the application begins to stop.</summary>
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var serving = app.ServiceProvider.GetRequiredService<ServingStatus>();
        app.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(serving.Stop);
        app.MapGrpcService<HealthService>();
    }
}
