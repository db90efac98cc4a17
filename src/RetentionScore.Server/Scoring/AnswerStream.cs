using Grpc.Core;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// The answers of one stream: buffered while more is to follow, flushed with the last. Bounded by what a batch holds and by bytes; a client that
/// does not read is waited for no longer than the bound. For the stream's loop alone.
/// </summary>
internal sealed class AnswerStream(
    IServerStreamWriter<CallAnswer> responses, StreamControl control, SlowReader reader, AnswerTimer timer)
{
    private const int MaxBufferedBytes = 32 * 1024;

    private static readonly WriteOptions Buffered = new(WriteFlags.BufferHint);
    private static readonly WriteOptions Flushed = WriteOptions.Default;

    private readonly CallAnswer answer = new();
    private int bufferedBytes;

    /// <summary>Whether answers wait for another to be flushed with.</summary>
    internal bool AreBuffered => bufferedBytes > 0;

    /// <summary>Writes an update, which may be changed again afterwards.</summary>
    /// <param name="update">The update.</param>
    /// <param name="arrival">Timestamp of the message that it answers.</param>
    /// <param name="moreFollows">Another answer is written without a wait in between.</param>
    /// <returns>Null, or why the stream ends.</returns>
    internal ValueTask<Refusal?> WriteAsync(ScoredUpdate update, long arrival, bool moreFollows)
    {
        answer.Set(update, ScoringWorkspace.Current.Output);
        timer.Written(arrival);
        return WriteAsync(moreFollows);
    }

    /// <summary>Writes any other answer.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="moreFollows">Another answer is written without a wait in between.</param>
    /// <returns>Null, or why the stream ends.</returns>
    internal ValueTask<Refusal?> WriteAsync(V1.ScoreCallResponse response, bool moreFollows)
    {
        answer.Set(response, ScoringWorkspace.Current.Output);
        return WriteAsync(moreFollows);
    }

    private ValueTask<Refusal?> WriteAsync(bool moreFollows)
    {
        if (moreFollows)
        {
            bufferedBytes += answer.Length;
            moreFollows = bufferedBytes < MaxBufferedBytes;
        }

        if (!moreFollows) bufferedBytes = 0;
        responses.WriteOptions = moreFollows ? Buffered : Flushed;
        Task writing = responses.WriteAsync(answer);
        if (!writing.IsCompletedSuccessfully) return WaitAsync(writing);
        if (!moreFollows) timer.Flushed();
        return default;
    }

    private async ValueTask<Refusal?> WaitAsync(Task writing)
    {
        Refusal? slow = await reader.WaitAsync(writing, control.Stopped).ConfigureAwait(false);
        if (slow is null) timer.Flushed();
        return slow;
    }
}
