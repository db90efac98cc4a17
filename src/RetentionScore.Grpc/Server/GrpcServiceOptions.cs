using System.IO.Compression;

namespace Grpc.AspNetCore.Server;

/// <summary>How services are served.</summary>
public class GrpcServiceOptions
{
    private const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    private int? maxReceiveMessageSize;
    private int? maxSendMessageSize;

    /// <summary>Of one request in bytes, compressed and decompressed; null for no limit. 4 MiB unless set.</summary>
    public int? MaxReceiveMessageSize
    {
        get => IsMaxReceiveMessageSizeSet ? maxReceiveMessageSize : DefaultMaxReceiveMessageSize;
        set => (maxReceiveMessageSize, IsMaxReceiveMessageSizeSet) = (value, true);
    }

    /// <summary>Of one response in bytes, before compression; null for no limit. No limit unless set.</summary>
    public int? MaxSendMessageSize
    {
        get => maxSendMessageSize;
        set => (maxSendMessageSize, IsMaxSendMessageSizeSet) = (value, true);
    }

    /// <summary>Whether clients are told the type and message of an exception out of a handler. False unless set.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>The encoding of responses, for clients that accept it: <c>gzip</c>. None unless set.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    /// <summary>How much work goes into compression; <see cref="CompressionLevel.Fastest"/> unless set.</summary>
    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>Whether calls to services that are not mapped are left to other endpoints instead of ending as UNIMPLEMENTED.</summary>
    public bool? IgnoreUnknownServices { get; set; }

    internal bool IsMaxReceiveMessageSizeSet { get; private set; }

    internal bool IsMaxSendMessageSizeSet { get; private set; }
}

/// <summary>How one service is served; what is set here goes before what is set for all.</summary>
/// <typeparam name="TService">The service.</typeparam>
public class GrpcServiceOptions<TService> : GrpcServiceOptions
    where TService : class
{
}
