using System.Collections.Immutable;
using RetentionScore.Core.Calls;
using RetentionScore.V1;
using CallEvent = RetentionScore.V1.CallEvent;
using Utterance = RetentionScore.V1.Utterance;

namespace RetentionScore.Cli.Calls;

/// <summary>A message and when a platform would have sent it.</summary>
/// <param name="DueMs">On the call's clock: when the utterance had ended, when the event happened.</param>
/// <param name="Request">With the seq it has on the stream.</param>
internal readonly record struct Due(int DueMs, ScoreCallRequest Request);

/// <summary>
/// A recorded call as a live stream: every message with its times (built from the words where the file has none), a TICK wherever nothing else
/// would be sent for the tick interval, the end last. Ticks are messages with a seq, so what follows them is numbered anew. Immutable.
/// </summary>
internal sealed class LiveSchedule
{
    private readonly ImmutableArray<Due>.Builder messages = ImmutableArray.CreateBuilder<Due>();
    private readonly List<uint> seqs = [];
    private readonly int tickIntervalMs;
    private EstimatedClock clock;
    private int nowMs;

    private LiveSchedule(RecordedCall call, int tickIntervalMs)
    {
        this.tickIntervalMs = tickIntervalMs;
        foreach (ScoreCallRequest recorded in call.Messages) Add(Timed(recorded.Clone()));
        uint end = (uint)messages.Count + 1;
        messages.Add(new Due(nowMs, call.End(end, nowMs)));
        Messages = messages.ToImmutable();
    }

    /// <summary>In the order of their seq, which is their place from 1.</summary>
    public ImmutableArray<Due> Messages { get; }

    /// <summary>From the start of the call to its last message, ms.</summary>
    public int DurationMs => nowMs;

    /// <summary>Lays a call out.</summary>
    /// <param name="call">As recorded.</param>
    /// <param name="tickIntervalMs">As the server says in <c>opened</c>; 0 for no ticks.</param>
    public static LiveSchedule Of(RecordedCall call, int tickIntervalMs) => new(call, tickIntervalMs);

    private void Add(ScoreCallRequest request)
    {
        int dueMs = request.MessageCase == ScoreCallRequest.MessageOneofCase.Event ? request.Event.AtMs : request.Utterance.EndMs;
        while (tickIntervalMs > 0 && dueMs - nowMs > tickIntervalMs) Tick();
        nowMs = Math.Max(nowMs, dueMs);
        uint seq = (uint)messages.Count + 1;
        seqs.Add(seq);
        if (request.MessageCase == ScoreCallRequest.MessageOneofCase.Event) request.Event.Seq = seq;
        else request.Utterance.Seq = seq;
        if (request.Utterance is { CorrectsSeq: > 0 } correction) correction.CorrectsSeq = seqs[(int)correction.CorrectsSeq - 1];
        messages.Add(new Due(nowMs, request));
    }

    private void Tick()
    {
        nowMs += tickIntervalMs;
        var tick = new CallEvent { Seq = (uint)messages.Count + 1, AtMs = nowMs, Kind = CallEventKind.Tick };
        messages.Add(new Due(nowMs, new ScoreCallRequest { Event = tick }));
    }

    private ScoreCallRequest Timed(ScoreCallRequest request)
    {
        if (request.MessageCase == ScoreCallRequest.MessageOneofCase.Event)
        {
            if (!request.Event.HasAtMs) request.Event.AtMs = clock.NowMs;
            clock.Seen(request.Event.AtMs);
            return request;
        }

        Utterance said = request.Utterance;
        if (!said.HasStartMs && !said.HasEndMs)
        {
            (said.StartMs, said.EndMs) = clock.Next(Words(said.Text));
            return request;
        }

        if (!said.HasStartMs) said.StartMs = Math.Min(clock.NowMs, said.EndMs);
        if (!said.HasEndMs) said.EndMs = said.StartMs;
        clock.Seen(said.EndMs);
        return request;
    }

    private static int Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
}
