using Grpc.Core;
using Grpc.Net.Client;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Client;

/// <summary>The interop server that is called: one connection for all cases, as applications have it.</summary>
internal sealed class Target : IDisposable
{
    private readonly GrpcChannel channel;

    public Target(int port, int gzipPort)
    {
        (Port, GzipPort) = (port, gzipPort);
        channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        Echo = new InteropService.InteropServiceClient(channel);
        Health = new Grpc.Health.V1.Health.HealthClient(channel);
        Reflection = new Grpc.Reflection.V1.ServerReflection.ServerReflectionClient(channel);
        ReflectionV1Alpha = new Grpc.Reflection.V1Alpha.ServerReflection.ServerReflectionClient(channel);
    }

    public int Port { get; }

    /// <summary>Where the same service answers in gzip.</summary>
    public int GzipPort { get; }

    public CallInvoker Invoker => channel.CreateCallInvoker();

    public InteropService.InteropServiceClient Echo { get; }

    public Grpc.Health.V1.Health.HealthClient Health { get; }

    public Grpc.Reflection.V1.ServerReflection.ServerReflectionClient Reflection { get; }

    public Grpc.Reflection.V1Alpha.ServerReflection.ServerReflectionClient ReflectionV1Alpha { get; }

    /// <summary>The deadline of calls that are expected to end well before it.</summary>
    public static DateTime Soon => DateTime.UtcNow.AddSeconds(10);

    public static DateTime Later => DateTime.UtcNow.AddSeconds(30);

    /// <summary>A name for <see cref="SeenAsync"/>.</summary>
    public static string NameCall() => $"dotnet-{Guid.NewGuid():n}";

    /// <summary>How a call ended for the server.</summary>
    public async Task<SeenResponse.Types.End> SeenAsync(string call) =>
        (await Echo.SeenAsync(new SeenRequest { Call = call, WaitMs = 5000 }, deadline: Soon)).End;

    public void Dispose() => channel.Dispose();
}
