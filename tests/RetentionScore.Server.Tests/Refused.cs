using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace RetentionScore.Server.Tests;

/// <summary>A status with its details, as a client reads them.</summary>
internal sealed record Refused(StatusCode Code, string Message, string Reason, IReadOnlyDictionary<string, string> Metadata, TimeSpan? RetryAfter)
{
    internal static Refused From(RpcException exception)
    {
        byte[] bytes = exception.Trailers.GetValueBytes("grpc-status-details-bin") ?? throw new Xunit.Sdk.XunitException($"no details: {exception.Status}");
        Google.Rpc.Status status = Google.Rpc.Status.Parser.ParseFrom(bytes);
        Assert.Equal((int)exception.StatusCode, status.Code);
        Assert.Equal(exception.Status.Detail, status.Message);
        ErrorInfo info = status.Details.Single(detail => detail.Is(ErrorInfo.Descriptor)).Unpack<ErrorInfo>();
        Assert.Equal("retentionscore", info.Domain);
        RetryInfo? retry = status.Details.SingleOrDefault(detail => detail.Is(RetryInfo.Descriptor))?.Unpack<RetryInfo>();
        return new Refused(exception.StatusCode, status.Message, info.Type, new Dictionary<string, string>(info.Metadata), retry?.RetryDelay.ToTimeSpan());
    }

    internal static async Task<Refused> ByAsync(TestCall call) => From(await call.FailureAsync());
}
