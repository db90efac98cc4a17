using System.IO.Compression;

namespace Grpc.AspNetCore.Server;

/// <summary>The options of a service's calls, with those of the service before those of all. Immutable.</summary>
internal sealed record CallSettings(
    int? MaxReceiveMessageSize,
    int? MaxSendMessageSize,
    bool EnableDetailedErrors,
    string? ResponseCompressionAlgorithm,
    CompressionLevel ResponseCompressionLevel)
{
    internal static CallSettings From(GrpcServiceOptions all, GrpcServiceOptions service) => new(
        service.IsMaxReceiveMessageSizeSet ? service.MaxReceiveMessageSize : all.MaxReceiveMessageSize,
        service.IsMaxSendMessageSizeSet ? service.MaxSendMessageSize : all.MaxSendMessageSize,
        service.EnableDetailedErrors ?? all.EnableDetailedErrors ?? false,
        service.ResponseCompressionAlgorithm ?? all.ResponseCompressionAlgorithm,
        service.ResponseCompressionLevel ?? all.ResponseCompressionLevel ?? CompressionLevel.Fastest);
}
