using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Tests.Calls;

namespace RetentionScore.Core.Tests.Scenarios;

/// <summary>A call that is cut anywhere and restored from its records, without a word of it, goes on with the same bits.</summary>
public class ReplayTests
{
    public static TheoryData<string> Files() => new(ScenarioFile.All());

    [Theory]
    [MemberData(nameof(Files))]
    public void Replay_CutAnywhere_GoesOnWithTheSameBits(string file)
    {
        var scenario = ScenarioFile.Load(file);
        var messages = Play.Messages(scenario).Select(message => message.Take).ToList();
        var scratch = new ScoringScratch();
        CallSession whole = Play.Open(scenario, explain: true);
        var records = new List<SignalRecord>();
        var prints = new List<string>();
        var words = new List<(TailWords Customer, TailWords Agent)> { default };
        foreach (var take in messages)
        {
            prints.Add(Talk.Print(take(whole, scratch)));
            records.Add(scratch.Record);
            words.Add((whole.LastWords(ofCustomer: true), whole.LastWords(ofCustomer: false)));
        }

        CallSummary summary = whole.End(new CallEnd((uint)messages.Count + 1, whole.NowMs, Disposition.Cancelled), scratch);
        string last = Talk.Print(scratch.Update);
        for (int cut = 0; cut <= messages.Count; cut++)
        {
            CallSession again = Play.Open(scenario, explain: cut % 2 == 0);
            for (int i = 0; i < cut; i++) again.Replay(records[i], scratch);
            again.SetLastWords(ofCustomer: true, words[cut].Customer);
            again.SetLastWords(ofCustomer: false, words[cut].Agent);
            again.Explain = true;
            for (int i = cut; i < messages.Count; i++)
            {
                string print = Talk.Print(messages[i](again, scratch));
                Assert.True(print == prints[i], $"{file} cut before message {cut + 1}: message {i + 1} is\n{print}\nand was\n{prints[i]}");
            }

            CallSummary summaryAgain = again.End(new CallEnd((uint)messages.Count + 1, again.NowMs, Disposition.Cancelled), scratch);
            Assert.Equal(last, Talk.Print(scratch.Update));
            Assert.Equal(summary with { Moments = [], ExitSteps = [] }, summaryAgain with { Moments = [], ExitSteps = [] });
            Assert.Equal(summary.Moments, summaryAgain.Moments);
            Assert.Equal(summary.ExitSteps, summaryAgain.ExitSteps);
        }
    }

    [Fact]
    public void Replay_LastWordsOfAnotherLexicon_AreWordsThatNoPhraseKnows()
    {
        TailWords words = default;
        for (int i = 0; i < TailWords.Length; i++) words[i] = (ushort)(60_000 + i);
        CallSession session = new Talk().Session;
        var scratch = new ScoringScratch();
        session.Observe(new Utterance { Seq = 1, Speaker = Speaker.Customer, Text = "hello"u8, StartMs = 0, EndMs = 900 }, scratch);
        session.SetLastWords(ofCustomer: true, words);
        // The sentence goes on: the last words are read together with it.
        ScoreUpdate update = session.Observe(new Utterance { Seq = 2, Speaker = Speaker.Customer, Text = "i want to cancel"u8, StartMs = 1000, EndMs = 1900 }, scratch);
        Assert.Equal(CancelStage.Requested, update.Stage);
    }
}
