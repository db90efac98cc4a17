using Grpc.Core;
using RetentionScore.V1;

namespace RetentionScore.Chaos;

/// <summary>
/// A client without an SDK and without manners: sends twice, too early, in bursts, and leaves in the middle. It keeps nothing that it was told to be
/// durable, so that every promise that is not kept shows.
/// </summary>
internal sealed class RawCaller(ScoringService.ScoringServiceClient service, Tally tally, CallScript script, int seed)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    private readonly Random random = new(seed);
    private readonly Lock gate = new();
    private readonly string id = script.Start.CallId;
    private ulong attempt;
    private uint durable; // told
    private CallSummary? summary;

    internal async Task<CallSummary?> RunAsync(TimeSpan limit, double pace)
    {
        long until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (Environment.TickCount64 < until)
        {
            await AttachAsync(pace);
            if (summary is { } told)
            {
                tally.Check(script, told);
                return told.Last.Degraded.Contains(Degradation.NotDurable) ? null : told;
            }

            await Task.Delay(random.Next(20, 300));
        }

        tally.Lose(id, script.Utterances, "the raw client got no summary");
        return null;
    }

    private async Task AttachAsync(double pace)
    {
        tally.Count("streams of the raw client");
        using var stream = service.ScoreCall(new Metadata { { "call-id", id } });
        CallStart start = script.Start.Clone();
        uint kept = durable + 1;
        (start.ResumeFrom, start.Attempt) = (kept, ++attempt);
        try
        {
            await stream.RequestStream.WriteAsync(new ScoreCallRequest { Start = start }).WaitAsync(AnswerLimit);
            if (!await stream.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(AnswerLimit)) return;
            CallOpened opened = stream.ResponseStream.Current.Opened;
            if (opened.NextSeq < kept) tally.Lose(id, (int)(kept - opened.NextSeq), $"durable up to {durable}, and opened at {opened.NextSeq}");
            SetDurable(opened.DurableSeq);
            Task reading = ReadAsync(stream);
            if (await SendAsync(stream.RequestStream, opened, reading, pace)) await reading.WaitAsync(AnswerLimit);
        }
        catch (RpcException ended)
        {
            Ended(ended);
        }
        catch (Exception broken) when (broken is TimeoutException or InvalidOperationException)
        {
            tally.Count("silent or broken streams of the raw client");
        }
    }

    /// <returns>False where the client leaves without waiting for anything.</returns>
    private async Task<bool> SendAsync(IClientStreamWriter<ScoreCallRequest> requests, CallOpened opened, Task reading, double pace)
    {
        uint next = opened.NextSeq, end = (uint)script.Messages.Length;
        if (opened.Ended)
        {
            await requests.WriteAsync(script.Messages[^1]).WaitAsync(AnswerLimit);
            return true;
        }

        while (!reading.IsCompleted)
        {
            int roll = random.Next(100);
            if (roll < 8)
            {
                tally.Count("fault: message sent twice");
                uint again = (uint)random.Next(1, (int)next + 1);
                if (again < next) await requests.WriteAsync(script.Messages[again - 1]).WaitAsync(AnswerLimit);
            }
            else if (roll < 10 && next + 1 < end)
            {
                tally.Count("fault: message sent before its turn");
                await requests.WriteAsync(script.Messages[next]).WaitAsync(AnswerLimit);
                await requests.WriteAsync(script.Messages[next - 1]).WaitAsync(AnswerLimit);
                return true;
            }
            else if (roll < 12)
            {
                tally.Count("fault: client left in the middle");
                return false;
            }
            else if (roll < 20)
            {
                await requests.WriteAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = random.Next(2) == 0 } }).WaitAsync(AnswerLimit);
            }

            for (int burst = random.Next(4) == 0 ? 8 : 1; burst > 0 && next <= end; burst--) await requests.WriteAsync(script.Messages[next++ - 1]).WaitAsync(AnswerLimit);
            if (next > end) return true;
            await Task.Delay((int)(random.Next(5, 250) * pace));
        }

        return true;
    }

    private async Task ReadAsync(AsyncDuplexStreamingCall<ScoreCallRequest, ScoreCallResponse> stream)
    {
        try
        {
            while (await stream.ResponseStream.MoveNext(CancellationToken.None))
            {
                ScoreCallResponse response = stream.ResponseStream.Current;
                if (response.Heartbeat is { } beat) SetDurable(beat.DurableSeq);
                if (response.Summary is { } told)
                {
                    summary = told;
                    return;
                }

                if (response.Update is not { } update) continue;
                SetDurable(update.DurableSeq);
                if (update.Duplicate) tally.Count("duplicates recognised");
                tally.Check(script, update);
            }
        }
        catch (RpcException ended)
        {
            Ended(ended);
        }
        catch (InvalidOperationException)
        {
            // We left.
        }
    }

    private void Ended(RpcException ended)
    {
        tally.Count($"raw streams ended: {ended.StatusCode}");
        // What it was told to be durable is all that it has forgotten: nobody may ask for more.
        if (ended.Status.Detail.Contains("resume_from is", StringComparison.Ordinal)) tally.Lose(id, 1, ended.Status.Detail);
    }

    private void SetDurable(uint seq)
    {
        lock (gate) durable = Math.Max(durable, seq);
    }
}
