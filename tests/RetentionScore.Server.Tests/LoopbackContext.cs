using Grpc.Core;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Tests;

/// <summary>Takes what a stream's loop writes and counts it.</summary>
internal sealed class CountingWriter : IServerStreamWriter<CallAnswer>
{
    public WriteOptions? WriteOptions { get; set; }

    internal int Writes { get; private set; }

    public Task WriteAsync(CallAnswer message)
    {
        Assert.False(message.Bytes.IsEmpty);
        Writes++;
        return Task.CompletedTask;
    }
}

/// <summary>A call without a connection: a stream's loop runs alone, so that what it allocates can be counted.</summary>
internal sealed class LoopbackContext : ServerCallContext
{
    // As both stacks look for the HTTP context of a test double.
    internal LoopbackContext() => UserState["__HttpContext"] = new Microsoft.AspNetCore.Http.DefaultHttpContext();

    protected override string MethodCore => "";

    protected override string HostCore => "";

    protected override string PeerCore => "";

    protected override DateTime DeadlineCore => DateTime.MaxValue;

    protected override Metadata RequestHeadersCore { get; } = [];

    protected override CancellationToken CancellationTokenCore => CancellationToken.None;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => null!;

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();
}
