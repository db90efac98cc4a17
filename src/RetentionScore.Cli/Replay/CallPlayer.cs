using Grpc.Core;
using RetentionScore.Cli.Calls;
using RetentionScore.V1;

namespace RetentionScore.Cli.Replay;

/// <summary>
/// Plays calls over ScoreCall as a platform would. For one call:
/// <list type="number">
/// <item>open a stream with <c>start</c> and wait for <c>opened</c>, which says what is sent next and how often to tick;</item>
/// <item>send every message when it is due, and read the answers beside it;</item>
/// <item>when the stream breaks, or the server asks to come again, wait, attach with a higher attempt and go on from <c>next_seq</c>;</item>
/// <item>send <c>end</c>; the summary is the end.</item>
/// </list>
/// A server that lost the call gets all of it again: the file is still there. Safe for any number of calls at once.
/// </summary>
internal sealed class CallPlayer(ScoringService.ScoringServiceClient client, Pace pace, TimeProvider? timeProvider = null)
{
    private const int MaxTriesInARow = 6;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);
    private readonly TimeProvider time = timeProvider ?? TimeProvider.System;

    /// <summary>Plays one call to its end.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<PlayedCall> PlayAsync(CallPlay play, CancellationToken cancellationToken)
    {
        var progress = new Progress(play, time.GetTimestamp());
        int breaks = 0;
        for (int tries = 1; ; tries++)
        {
            uint answered = progress.Answered;
            ServerRefusal refusal;
            try
            {
                return new PlayedCall(await AttachAsync(progress, cancellationToken), null, breaks);
            }
            catch (RpcException ended) when (!cancellationToken.IsCancellationRequested)
            {
                refusal = ServerRefusal.Of(ended);
            }
            catch (RpcException)
            {
                throw new OperationCanceledException(cancellationToken);
            }

            if (progress.Answered > answered) tries = 1;
            if (!refusal.CanRetry || tries == MaxTriesInARow) return new PlayedCall(null, refusal.ToString(), breaks);
            breaks++;
            await Task.Delay(refusal.RetryAfter ?? BackOff(tries), time, cancellationToken);
        }
    }

    /// <summary>One attachment, from its start to the summary.</summary>
    private async Task<CallSummary> AttachAsync(Progress progress, CancellationToken cancellationToken)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var routing = new Metadata { { "call-id", progress.Play.CallId } };
        using var stream = client.ScoreCall(routing, cancellationToken: gone.Token);
        await stream.RequestStream.WriteAsync(new ScoreCallRequest { Start = progress.NextStart(time) }, CancellationToken.None);
        ScoreCallResponse first = await NextAsync(stream.ResponseStream);
        if (first.Opened is not { } opened) throw Unexpected($"the first answer is {first.MessageCase}, must be opened");
        progress.Open(opened);
        Task sending = SendAsync(stream.RequestStream, progress, opened.NextSeq, gone.Token);
        try
        {
            return await ReadAsync(stream.ResponseStream, progress);
        }
        finally
        {
            // The status is what the answers ended with; a send that failed beside it says nothing more.
            await gone.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(IClientStreamWriter<ScoreCallRequest> requests, Progress progress, uint nextSeq, CancellationToken cancellationToken)
    {
        for (int i = (int)Math.Max(nextSeq, 1) - 1; i < progress.Schedule.Messages.Length; i++)
        {
            Due due = progress.Schedule.Messages[i];
            TimeSpan wait = pace.At(due.DueMs) - time.GetElapsedTime(progress.StartedAt);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken);
            // A token here would cancel the whole call; the stream has its own.
            await requests.WriteAsync(due.Request, CancellationToken.None);
        }

        // The call was ended before and its summary lost on the way: the end is sent again.
        if (nextSeq > progress.Schedule.Messages.Length) await requests.WriteAsync(progress.Schedule.Messages[^1].Request, CancellationToken.None);
        await requests.CompleteAsync();
    }

    private static async Task<CallSummary> ReadAsync(IAsyncStreamReader<ScoreCallResponse> answers, Progress progress)
    {
        while (await answers.MoveNext())
        {
            ScoreCallResponse answer = answers.Current;
            if (answer.Summary is not null) return answer.Summary;
            if (answer.Update is not null) progress.Answer(answer.Update);
        }

        throw Unexpected("the server ended the stream without a summary");
    }

    private static async Task<ScoreCallResponse> NextAsync(IAsyncStreamReader<ScoreCallResponse> answers)
    {
        Task<bool> next = answers.MoveNext();
        // Not a token: that would cancel the whole call, and the status with it.
        if (await Task.WhenAny(next, Task.Delay(AnswerLimit)) != next)
            throw new RpcException(new Status(StatusCode.Unavailable, $"no answer within {AnswerLimit.TotalSeconds:0} s"));
        return await next ? answers.Current : throw Unexpected("the server ended the stream without an answer");
    }

    private static RpcException Unexpected(string what) => new(new Status(StatusCode.Internal, what));

    private static TimeSpan BackOff(int tries) => TimeSpan.FromMilliseconds(200 * Math.Pow(2, tries - 1) * (0.5 + Random.Shared.NextDouble()));

    /// <summary>How far a call has come, over all its attachments.</summary>
    private sealed class Progress(CallPlay play, long startedAt)
    {
        private ulong attempt;
        private LiveSchedule? schedule;

        public CallPlay Play => play;

        public long StartedAt => startedAt;

        public LiveSchedule Schedule => schedule ?? throw new InvalidOperationException("The call has not been opened.");

        /// <summary>The highest seq that was answered.</summary>
        public uint Answered { get; private set; }

        public CallStart NextStart(TimeProvider time)
        {
            CallStart start = play.Call.Start(play.CallId, play.Explain);
            // The first attachment must make a new call; later ones take what there is.
            start.ResumeFrom = attempt == 0 ? 0u : 1u;
            start.Attempt = attempt = Math.Max(attempt + 1, (ulong)time.GetUtcNow().ToUnixTimeMilliseconds());
            return start;
        }

        public void Open(CallOpened opened) => schedule ??= LiveSchedule.Of(play.Call, play.Ticks ? (int)opened.TickIntervalMs : 0);

        public void Answer(ScoreUpdate update)
        {
            // What is answered again after a break was told before.
            if (update.Interim || update.Seq <= Answered || update.Seq > Schedule.Messages.Length) return;
            Answered = update.Seq;
            play.Scored?.Invoke(Schedule.Messages[(int)update.Seq - 1], update);
        }
    }
}
