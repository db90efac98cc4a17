using System.Buffers;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;

namespace RetentionScore.Grpc.Tests;

/// <summary>A service bound by hand, as the hot path is: no generated base, marshallers of its own, state reused from message to message.</summary>
public sealed class HandWrittenServiceTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Duplex_HandBoundService_IsServed(bool announced)
    {
        await using var host = await EchoHost.StartAsync(map: app => app.MapGrpcService<UpperCase>());
        var method = announced ? UpperCaseBase.AnnouncedMethod : UpperCaseBase.UnannouncedMethod;
        using var call = host.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, host: null, new CallOptions());
        var line = new Line();
        foreach (var text in new[] { "a", "", new string('b', 100_000), "c" })
        {
            line.Set(Encoding.UTF8.GetBytes(text));
            await call.RequestStream.WriteAsync(line).Within();
            Assert.True(await call.ResponseStream.MoveNext().Within());
            Assert.Equal(text.ToUpperInvariant(), Encoding.UTF8.GetString(call.ResponseStream.Current.Bytes));
        }

        await call.RequestStream.CompleteAsync().Within();
        Assert.False(await call.ResponseStream.MoveNext().Within());
    }

    internal sealed class Line
    {
        private readonly ArrayBufferWriter<byte> buffer = new();

        internal ReadOnlySpan<byte> Bytes => buffer.WrittenSpan;

        internal void Set(ReadOnlySequence<byte> bytes)
        {
            buffer.ResetWrittenCount();
            foreach (var segment in bytes) buffer.Write(segment.Span);
        }

        internal void Set(byte[] bytes) => Set(new ReadOnlySequence<byte>(bytes));
    }

    [BindServiceMethod(typeof(UpperCaseBase), "BindService")]
    internal abstract class UpperCaseBase
    {
        private static readonly Marshaller<Line> WithLength = Marshallers.Create(
            (line, context) =>
            {
                context.SetPayloadLength(line.Bytes.Length);
                context.GetBufferWriter().Write(line.Bytes);
                context.Complete();
            },
            Read);

        private static readonly Marshaller<Line> WithoutLength = Marshallers.Create(
            (line, context) =>
            {
                var half = line.Bytes.Length / 2;
                context.GetBufferWriter().Write(line.Bytes[..half]);
                context.GetBufferWriter().Write(line.Bytes[half..]);
                context.Complete();
            },
            Read);

        internal static readonly Method<Line, Line> AnnouncedMethod = new(MethodType.DuplexStreaming, "hand.Written", "Announced", WithLength, WithLength);

        internal static readonly Method<Line, Line> UnannouncedMethod =
            new(MethodType.DuplexStreaming, "hand.Written", "Unannounced", WithoutLength, WithoutLength);

        public static void BindService(ServiceBinderBase binder, UpperCaseBase? service)
        {
            binder.AddMethod(AnnouncedMethod, service is null ? null : new DuplexStreamingServerMethod<Line, Line>(service.Announced));
            binder.AddMethod(UnannouncedMethod, service is null ? null : new DuplexStreamingServerMethod<Line, Line>(service.Unannounced));
        }

        public virtual Task Announced(IAsyncStreamReader<Line> requests, IServerStreamWriter<Line> responses, ServerCallContext context) =>
            throw new RpcException(new Status(StatusCode.Unimplemented, ""));

        public virtual Task Unannounced(IAsyncStreamReader<Line> requests, IServerStreamWriter<Line> responses, ServerCallContext context) =>
            throw new RpcException(new Status(StatusCode.Unimplemented, ""));

        private static Line Read(DeserializationContext context)
        {
            var line = new Line();
            line.Set(context.PayloadAsReadOnlySequence());
            Assert.Equal(context.PayloadLength, line.Bytes.Length);
            return line;
        }
    }

    internal sealed class UpperCase : UpperCaseBase
    {
        public override Task Announced(IAsyncStreamReader<Line> requests, IServerStreamWriter<Line> responses, ServerCallContext context) =>
            AnswerAsync(requests, responses);

        public override Task Unannounced(IAsyncStreamReader<Line> requests, IServerStreamWriter<Line> responses, ServerCallContext context) =>
            AnswerAsync(requests, responses);

        private static async Task AnswerAsync(IAsyncStreamReader<Line> requests, IServerStreamWriter<Line> responses)
        {
            var answer = new Line();
            while (await requests.MoveNext())
            {
                answer.Set(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(requests.Current.Bytes).ToUpperInvariant()));
                await responses.WriteAsync(answer);
            }
        }
    }
}
