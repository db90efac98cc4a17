using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>A message with a seq that the server may not have, or may lose again. Guarded by its outbox.</summary>
internal sealed class KeptMessage(ScoreCallRequest request, long givenAt, TaskCompletionSource<ScoreUpdate?>? answer)
{
    /// <summary>Never changed in place: a write may be under way with it.</summary>
    internal ScoreCallRequest Request { get; set; } = request;

    internal uint Seq { get; set; }

    /// <summary>On the wire, its seq included.</summary>
    internal int Bytes { get; } = request.CalculateSize() + 6;

    /// <summary>Timestamp of the send.</summary>
    internal long GivenAt => givenAt;

    /// <summary>Whether it was written to any stream.</summary>
    internal bool WasWritten { get; set; }

    /// <summary>Whether the server has counted it, as far as is known.</summary>
    internal bool IsAnswered { get; private set; }

    /// <summary>Ends with the answer, or with null where the answer was lost or will not come.</summary>
    internal Task<ScoreUpdate?>? Answer => answer?.Task;

    internal bool IsTick => Request.Event is { Kind: CallEventKind.Tick };

    /// <summary>The server has counted it.</summary>
    /// <param name="update">Its answer; null where that was lost.</param>
    internal void SetAnswered(ScoreUpdate? update)
    {
        IsAnswered = true;
        answer?.TrySetResult(update);
    }

    /// <summary>Nobody is to wait for it any longer.</summary>
    internal void StopWaiting() => answer?.TrySetResult(null);

    /// <summary>Gives it another seq, and moves what it corrects along if that is one of those that move.</summary>
    internal void Renumber(uint seq, uint movedFrom, long by)
    {
        Seq = seq;
        Request = Request.Clone();
        Number(Request, seq);
        if (Request.Utterance is { CorrectsSeq: > 0 } correction && correction.CorrectsSeq >= movedFrom) correction.CorrectsSeq = (uint)(correction.CorrectsSeq + by);
    }

    /// <summary>Times that somebody else filled in, so that it says the same when it is sent again.</summary>
    internal void FillTimes(int? startMs, int endMs)
    {
        ScoreCallRequest filled = Request.Clone();
        if (filled.Utterance is { } utterance)
        {
            if (!utterance.HasStartMs && startMs is { } start) utterance.StartMs = start;
            if (!utterance.HasEndMs) utterance.EndMs = endMs;
        }
        else if (filled.Event is { HasAtMs: false } callEvent)
        {
            callEvent.AtMs = endMs;
        }
        else if (filled.End is { HasAtMs: false } end)
        {
            end.AtMs = endMs;
        }

        Request = filled;
    }

    internal bool HasTime => Request.MessageCase switch
    {
        ScoreCallRequest.MessageOneofCase.Utterance => Request.Utterance.HasEndMs || Request.Utterance.HasStartMs,
        ScoreCallRequest.MessageOneofCase.Event => Request.Event.HasAtMs,
        _ => Request.End.HasAtMs,
    };

    /// <summary>The latest time it tells, in ms of the call; null where it tells none.</summary>
    internal int? TimeMs => Request.MessageCase switch
    {
        ScoreCallRequest.MessageOneofCase.Utterance => Request.Utterance.HasEndMs ? Request.Utterance.EndMs : Request.Utterance.HasStartMs ? Request.Utterance.StartMs : null,
        ScoreCallRequest.MessageOneofCase.Event => Request.Event.HasAtMs ? Request.Event.AtMs : null,
        _ => Request.End.HasAtMs ? Request.End.AtMs : null,
    };

    internal static void Number(ScoreCallRequest request, uint seq)
    {
        if (request.Utterance is { } utterance) utterance.Seq = seq;
        else if (request.Event is { } callEvent) callEvent.Seq = seq;
        else request.End.Seq = seq;
    }
}
