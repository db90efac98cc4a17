using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;
using RetentionScore.Server.Tests.Health;
using Request = Grpc.Reflection.V1.ServerReflectionRequest;
using Response = Grpc.Reflection.V1.ServerReflectionResponse;
using V1Alpha = Grpc.Reflection.V1Alpha;

namespace RetentionScore.Server.Tests.Reflection;

public sealed class ReflectionServiceTests : IAsyncLifetime
{
    private ServicesHost host = null!;

    public async Task InitializeAsync() => host = await ServicesHost.StartAsync();

    public Task DisposeAsync() => host.DisposeAsync().AsTask();

    [Fact]
    public async Task ListServices_All_ByFullName()
    {
        var response = await AskAsync(new Request { ListServices = "*" });
        Assert.Equal(
            ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
                "retentionscore.v1.ScoringService"],
            response.ListServicesResponse.Service.Select(service => service.Name), StringComparer.Ordinal);
    }

    [Fact]
    public async Task FileByFilename_WithImports_AllThatItNeedsAndItFirst()
    {
        var response = await AskAsync(new Request { FileByFilename = "retentionscore/v1/scoring_service.proto" });
        Assert.Equal(
            ["retentionscore/v1/scoring_service.proto", "retentionscore/v1/call.proto", "retentionscore/v1/score.proto"],
            Files(response).Select(file => file.Name), StringComparer.Ordinal);
    }

    [Fact]
    public async Task FileByFilename_AllFiles_DescriptorsCanBeBuiltFromThem()
    {
        var response = await AskAsync(new Request { FileByFilename = "retentionscore/v1/scoring_service.proto" });
        // Imports go before what imports them when descriptors are built.
        var bytes = response.FileDescriptorResponse.FileDescriptorProto.OrderBy(file => FileDescriptorProto.Parser.ParseFrom(file).Dependency.Count);
        var built = FileDescriptor.BuildFromByteStrings(bytes);
        Assert.Contains(built, file => file.Services.Any(service => service.FullName is "retentionscore.v1.ScoringService"));
    }

    [Theory]
    [InlineData("retentionscore.v1.ScoringService", "retentionscore/v1/scoring_service.proto")]
    [InlineData("retentionscore.v1.ScoringService.ScoreCall", "retentionscore/v1/scoring_service.proto")]
    [InlineData("retentionscore.v1.CallStart", "retentionscore/v1/call.proto")]
    [InlineData("retentionscore.v1.CallStart.call_id", "retentionscore/v1/call.proto")]
    [InlineData("retentionscore.v1.ScoreCallRequest.message", "retentionscore/v1/scoring_service.proto")]
    [InlineData("retentionscore.v1.Durability", "retentionscore/v1/scoring_service.proto")]
    [InlineData("retentionscore.v1.DURABILITY_NODE", "retentionscore/v1/scoring_service.proto")]
    [InlineData("grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto")]
    public async Task FileContainingSymbol_EveryKind_ItsFile(string symbol, string file)
    {
        var response = await AskAsync(new Request { FileContainingSymbol = symbol });
        Assert.Equal(file, Files(response)[0].Name);
    }

    [Theory]
    [InlineData("no.such.Symbol")]
    [InlineData("")]
    [InlineData("retentionscore.v1")]
    [InlineData(".retentionscore.v1.CallStart")]
    public async Task FileContainingSymbol_Unknown_NotFoundAndStreamGoesOn(string symbol)
    {
        var responses = await AskAllAsync(new Request { FileContainingSymbol = symbol }, new Request { ListServices = "" });
        Assert.Equal((int)StatusCode.NotFound, responses[0].ErrorResponse.ErrorCode);
        Assert.NotEmpty(responses[1].ListServicesResponse.Service);
    }

    [Fact]
    public async Task FileByFilename_Unknown_NotFound() =>
        Assert.Equal((int)StatusCode.NotFound, (await AskAsync(new Request { FileByFilename = "none.proto" })).ErrorResponse.ErrorCode);

    [Fact]
    public async Task Extensions_MessageWithout_EmptyAndNotFound()
    {
        const string Message = "retentionscore.v1.CallStart";
        var numbers = (await AskAsync(new Request { AllExtensionNumbersOfType = Message })).AllExtensionNumbersResponse;
        Assert.Equal(Message, numbers.BaseTypeName);
        Assert.Empty(numbers.ExtensionNumber);
        var extension = new ExtensionRequest { ContainingType = Message, ExtensionNumber = 100 };
        var missing = await AskAsync(new Request { FileContainingExtension = extension });
        Assert.Equal((int)StatusCode.NotFound, missing.ErrorResponse.ErrorCode);
    }

    [Theory]
    [InlineData("no.such.Message")]
    [InlineData("retentionscore.v1.Durability")] // not a message
    public async Task Extensions_NoMessage_NotFound(string type) =>
        Assert.Equal((int)StatusCode.NotFound, (await AskAsync(new Request { AllExtensionNumbersOfType = type })).ErrorResponse.ErrorCode);

    [Fact]
    public async Task NoQuestion_InvalidArgument() =>
        Assert.Equal((int)StatusCode.InvalidArgument, (await AskAsync(new Request { Host = "h" })).ErrorResponse.ErrorCode);

    [Fact]
    public async Task Answer_CarriesHostAndQuestion()
    {
        var question = new Request { Host = "h", FileByFilename = "none.proto" };
        var response = await AskAsync(question);
        Assert.Equal("h", response.ValidHost);
        Assert.Equal(question, response.OriginalRequest);
    }

    [Fact]
    public async Task V1Alpha_SameQuestions_SameBytesAsV1()
    {
        foreach (var question in new[]
        {
            new Request { ListServices = "*" },
            new Request { FileContainingSymbol = "grpc.health.v1.Health" },
            new Request { FileByFilename = "none.proto" },
        })
        {
            var client = new V1Alpha.ServerReflection.ServerReflectionClient(host.Channel);
            using var call = client.ServerReflectionInfo();
            await call.RequestStream.WriteAsync(V1Alpha.ServerReflectionRequest.Parser.ParseFrom(question.ToByteString()))
                .WaitAsync(ServicesHost.Patience);
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServicesHost.Patience));
            Assert.Equal((await AskAsync(question)).ToByteString(), call.ResponseStream.Current.ToByteString());
        }
    }

    private async Task<Response> AskAsync(Request question) => (await AskAllAsync(question)).Single();

    private async Task<List<Response>> AskAllAsync(params Request[] questions)
    {
        using var call = new ServerReflection.ServerReflectionClient(host.Channel).ServerReflectionInfo();
        foreach (var question in questions) await call.RequestStream.WriteAsync(question).WaitAsync(ServicesHost.Patience);
        await call.RequestStream.CompleteAsync().WaitAsync(ServicesHost.Patience);
        var responses = new List<Response>();
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServicesHost.Patience))
        {
            responses.Add(call.ResponseStream.Current);
        }

        return responses;
    }

    private static List<FileDescriptorProto> Files(Response response) =>
        [.. response.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom)];
}
