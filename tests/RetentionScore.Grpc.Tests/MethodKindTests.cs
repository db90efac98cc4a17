using Grpc.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

public sealed class MethodKindTests
{
    [Fact]
    public async Task Unary_Request_IsAnswered()
    {
        await using var host = await EchoHost.StartAsync();
        var response = await host.Client.UnaryAsync(new EchoRequest { Text = "hällo", Count = 7 }).ResponseAsync.Within();
        Assert.Equal("hällo", response.Text);
        Assert.Equal(7, response.Count);
    }

    [Fact]
    public async Task Duplex_PingPong_EachAnsweredBeforeTheNextIsSent()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.Duplex();
        for (var i = 1; i <= 100; i++)
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Count = i }).Within();
            Assert.True(await call.ResponseStream.MoveNext().Within());
            Assert.Equal(i, call.ResponseStream.Current.Count);
        }

        await call.RequestStream.CompleteAsync().Within();
        Assert.False(await call.ResponseStream.MoveNext().Within());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }
}
