using Google.Protobuf;
using RetentionScore.Cli.Calls;
using RetentionScore.V1;

namespace RetentionScore.LoadTests.Calls;

/// <summary>A message of a script.</summary>
/// <param name="GapMs">On the call's clock, after the message before.</param>
/// <param name="Seq">Its place in the call, from 1.</param>
/// <param name="IsUtterance">Not an event, not the end.</param>
/// <param name="Request">A ScoreCallRequest, ready to be sent.</param>
internal readonly record struct ScriptMessage(int GapMs, uint Seq, bool IsUtterance, byte[] Request);

/// <summary>A recorded call with all its messages serialised once, so that playing it costs next to nothing. Immutable.</summary>
internal sealed class CallScript
{
    /// <summary>Between the end of a call and the start of the next on the same lane, ms of the call's clock.</summary>
    internal const int PauseMs = 2000;

    private readonly RecordedCall call;

    private CallScript(RecordedCall call)
    {
        this.call = call;
        var schedule = LiveSchedule.Of(call, tickIntervalMs: 0);
        Messages = new ScriptMessage[schedule.Messages.Length];
        int before = 0;
        for (int i = 0; i < Messages.Length; i++)
        {
            Due due = schedule.Messages[i];
            bool isUtterance = due.Request.MessageCase == ScoreCallRequest.MessageOneofCase.Utterance;
            Messages[i] = new ScriptMessage(due.DueMs - before, (uint)i + 1, isUtterance, due.Request.ToByteArray());
            before = due.DueMs;
        }

        Utterances = Messages.Count(message => message.IsUtterance);
        CycleMs = schedule.DurationMs + PauseMs;
    }

    /// <summary>Everything behind the start; the last is the end.</summary>
    internal ScriptMessage[] Messages { get; }

    internal int Utterances { get; }

    /// <summary>From its start to the start of the next call.</summary>
    internal long CycleMs { get; }

    /// <summary>The calls of a file, or those of the demo.</summary>
    /// <exception cref="InvalidDataException">A line is no call.</exception>
    internal static CallScript[] Load(string? path)
    {
        if (path is null) return [.. Cli.Demo.DemoCalls.Load().Select(call => new CallScript(call))];
        CallScript[] scripts =
        [
            .. CallFile.Read(path)
                .Select(line => line.Call ?? throw new InvalidDataException($"{path}:{line.Number}: {line.Problem}"))
                .Where(call => call.Messages.Length > 0)
                .Select(call => new CallScript(call)),
        ];
        return scripts.Length > 0 ? scripts : throw new InvalidDataException($"{path} holds no calls");
    }

    /// <summary>The first message of a playing.</summary>
    internal byte[] Start(string callId, ulong attempt)
    {
        CallStart start = call.Start(callId, explain: false);
        start.ResumeFrom = 1;
        start.Attempt = attempt;
        return new ScoreCallRequest { Start = start }.ToByteArray();
    }
}
