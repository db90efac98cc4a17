using System.Runtime.CompilerServices;
using System.Text;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Tests.Calls;

public class AllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Observe_AfterWarmUp_AllocatesNothing(bool explain)
    {
        var calls = Scenarios.ScenarioFile.All().Where(f => f.StartsWith("caught/", StringComparison.Ordinal)).Take(6).Select(Scenarios.ScenarioFile.Load)
            .Select(f => f.Turns.Where(t => t.Event is null).Select(t => (t.Said.Speaker, Utf8: Encoding.UTF8.GetBytes(t.Said.Text))).ToArray()).ToArray();
        var scratch = new ScoringScratch();
        long bytes = -1;
        // The first rounds warm code and lists up; the last is measured.
        for (int round = 0; round < 4; round++)
        {
            var sessions = calls.Select(_ => new CallSession(RetentionPolicy.Default, CallContext.Empty, explain: explain)).ToArray();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int c = 0; c < calls.Length; c++)
            {
                uint seq = 0;
                int now = 0;
                foreach (var (speaker, utf8) in calls[c])
                {
                    sessions[c].Preview(new Utterance { Speaker = speaker, Text = utf8, StartMs = now, EndMs = now + 2000 }, scratch);
                    sessions[c].Observe(new Utterance { Seq = ++seq, Speaker = speaker, Text = utf8, StartMs = now, EndMs = now += 3000, AsrConfidence = 0.5f }, scratch);
                    sessions[c].Observe(new CallEvent { Seq = ++seq, AtMs = now, Kind = CallEventKind.Tick }, scratch);
                }
            }

            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, bytes);
    }

    [Fact]
    public void StateOfACall_IsAtMostSixKiB()
    {
        int state = Unsafe.SizeOf<DialogueState>() * 2 + Unsafe.SizeOf<LogEntry>() * SignalLog.Depth + Unsafe.SizeOf<PromptLedger>() + Unsafe.SizeOf<ScoreTrack>();
        Assert.True(state <= 6 * 1024, $"{state} bytes: dialogue {Unsafe.SizeOf<DialogueState>()} twice, log {SignalLog.Depth} x {Unsafe.SizeOf<LogEntry>()}, "
            + $"prompts {Unsafe.SizeOf<PromptLedger>()}, track {Unsafe.SizeOf<ScoreTrack>()}");
    }

    [Fact]
    public void NewCall_Allocates_AtMostSixAndAHalfKiB()
    {
        _ = new CallSession(RetentionPolicy.Default, CallContext.Empty);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var session = new CallSession(RetentionPolicy.Default, CallContext.Empty);
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        GC.KeepAlive(session);
        Assert.InRange(bytes, 1, 6656);
    }
}
