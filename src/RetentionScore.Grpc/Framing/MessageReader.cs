using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Grpc.Framing;

/// <summary>
/// The messages of one direction of a call. Frames that came together are taken from one read of the pipe, without going back to it in between.
/// One read at a time.
/// </summary>
internal sealed class MessageReader<T>(PipeReader pipe, FrameDecoder decoder, Func<DeserializationContext, T> deserializer)
    where T : class
{
    private readonly MessagePayload payload = new();
    private ReadOnlySequence<byte> buffer;
    private bool holding;
    private bool completed;

    /// <summary>Whether the stream ended inside a frame.</summary>
    internal bool IsCutShort { get; private set; }

    /// <summary>The next message, or null at the end of the stream.</summary>
    /// <exception cref="RpcException">The frame is broken.</exception>
    /// <exception cref="IOException">The peer went away.</exception>
    internal ValueTask<T?> ReadAsync(CancellationToken cancellationToken)
    {
        if (holding && TryTake(out var message)) return new ValueTask<T?>(message);
        return ReadFromPipeAsync(cancellationToken);
    }

    /// <summary>The only message of the stream.</summary>
    /// <exception cref="RpcException">The frame is broken, there is none, or there is more behind it.</exception>
    internal async ValueTask<T> ReadSingleAsync(Status none, Status more, CancellationToken cancellationToken)
    {
        var message = await ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw new RpcException(none);
        if (await HasMoreAsync(cancellationToken).ConfigureAwait(false)) throw new RpcException(more);
        return message;
    }

    /// <summary>Gives back what is held of the pipe and of the pool. No read may be in progress.</summary>
    internal void Release()
    {
        GiveBack(buffer.Start);
        decoder.Dispose();
    }

    /// <summary>Gives everything back and ends the pipe. No read may be in progress or follow.</summary>
    internal void Close()
    {
        Release();
        pipe.Complete();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T?> ReadFromPipeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // All that is held was looked at and no frame was whole.
            GiveBack(buffer.End);
            await FillAsync(cancellationToken).ConfigureAwait(false);
            if (TryTake(out var message)) return message;
            if (!completed) continue;
            if (buffer.IsEmpty) return null;
            IsCutShort = true;
            throw Fault(FrameResult.Truncated);
        }
    }

    private async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken)
    {
        while (buffer.IsEmpty && !completed)
        {
            GiveBack(buffer.End);
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        return !buffer.IsEmpty;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        var result = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
        buffer = result.Buffer;
        holding = true;
        completed = result.IsCompleted;
        if (result.IsCanceled) throw new OperationCanceledException("Reading the message was cancelled.");
    }

    private bool TryTake(out T? message)
    {
        message = null;
        var result = decoder.Take(ref buffer, out var bytes);
        if (result == FrameResult.Incomplete) return false;
        if (result != FrameResult.Message) throw Fault(result);
        message = payload.Read(bytes, deserializer);
        return true;
    }

    private void GiveBack(SequencePosition examined)
    {
        if (!holding) return;
        holding = false;
        var consumed = buffer.Start;
        buffer = default;
        pipe.AdvanceTo(consumed, examined);
    }

    private RpcException Fault(FrameResult fault) => new(fault.ToStatus(decoder.Encoding));
}
