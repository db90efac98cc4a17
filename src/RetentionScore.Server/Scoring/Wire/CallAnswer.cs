using Grpc.Core;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>
/// One answer of a stream as bytes of ScoreCallResponse, or of a trunk as bytes of ScoreCallsResponse; one for each stream, used again and again. The bytes lie in the workspace of the thread that
/// writes and hold until that answers again. That is enough: once the response's headers are written, and a stream writes them first of all, both
/// stacks run the serializer inside WriteAsync, before it returns.
/// </summary>
internal sealed class CallAnswer
{
    private const int Update = 2;

    private ReadOnlyMemory<byte> bytes;

    internal int Length => bytes.Length;

    internal ReadOnlySpan<byte> Bytes => bytes.Span;

    /// <summary>Makes it an update.</summary>
    internal void Set(ScoredUpdate update, WireWriter output)
    {
        output.Clear();
        int mark = output.Begin(Update);
        UpdateMessage.Write(output, update);
        output.End(mark);
        bytes = output.Written;
    }

    /// <summary>Makes it any other answer.</summary>
    internal void Set(V1.ScoreCallResponse response, WireWriter output)
    {
        output.Clear();
        output.Message(response);
        bytes = output.Written;
    }

    /// <summary>Makes it what was written already.</summary>
    internal void Set(WireWriter output) => bytes = output.Written;

    /// <summary>The serializer: bytes that are there already cost less to copy than to measure before they are written.</summary>
    internal static void Write(CallAnswer answer, SerializationContext context)
    {
        context.SetPayloadLength(answer.Length);
        System.Buffers.BuffersExtensions.Write(context.GetBufferWriter(), answer.Bytes);
        context.Complete();
    }
}
