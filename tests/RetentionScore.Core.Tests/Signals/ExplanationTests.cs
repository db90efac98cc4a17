using System.Text.Json;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Tests.Signals;

/// <summary>What is told of a signal is what it is made of.</summary>
public class ExplanationTests
{
    private static readonly string[] Words =
        ["cancel", "my", "broadband", "not", "please", "i", "want", "why", "would", "you", "zxqy", "42", "okay", "it's", "rubbish", "thanks", "offer", "\u00fcber", "leave", "no"];

    [Fact]
    public void Contributions_OfEverySignal_AddUpToItsLogOdds()
    {
        var random = new Random(7);
        List<string> texts = [.. HeldOut().Take(600)];
        // Longer than a window, longer than what is read, words that nobody knows.
        for (int i = 0; i < 200; i++) texts.Add(string.Join(' ', Enumerable.Range(0, random.Next(1, i % 20 == 0 ? 700 : 60)).Select(_ => Words[random.Next(Words.Length)])));
        foreach (string text in texts)
        {
            foreach (Speaker speaker in new[] { Speaker.Customer, Speaker.Agent })
            {
                var before = (PriorActs)random.Next(1 << 13);
                IReadOnlyList<SignalExplanation> explained = SignalReader.BuiltIn.Explain(text, speaker, before);
                Assert.NotEmpty(explained);
                foreach (SignalExplanation one in explained)
                {
                    Assert.InRange(one.Contributions.Sum(item => item.LogOdds) - one.LogOdds, -1e-4, 1e-4);
                    Assert.All(one.Contributions, item => Assert.InRange(item.EndChar, item.BeginChar, text.Length));
                }
            }
        }
    }

    [Fact]
    public void Probability_IsWhatReadingTells()
    {
        foreach (string text in HeldOut().Take(300))
        {
            SignalReading read = SignalReader.BuiltIn.Read(text, Speaker.Customer);
            foreach (SignalExplanation one in SignalReader.BuiltIn.Explain(text, Speaker.Customer)) Assert.Equal(read[one.Signal], one.Probability);
        }
    }

    [Fact]
    public void Words_ThatAskToLeave_MoveTheRequestMost()
    {
        const string Text = "good morning i would like to cancel my broadband";
        SignalExplanation request = SignalReader.BuiltIn.Explain(Text, Speaker.Customer).Single(one => one.Signal == Signal.CancelRequest);
        SignalContribution word = request.Contributions.Where(item => item.Kind == ContributionKind.Word).MaxBy(item => item.LogOdds);
        Assert.Contains(Text[word.BeginChar..word.EndChar], (string[])["cancel", "broadband"]);
        Assert.Contains(request.Contributions, item => item.Kind == ContributionKind.Phrase && item.Name == "cancel_request" && item.LogOdds > 0);
    }

    [Fact]
    public void Explain_OfNoWordsOrNoSide_IsEmpty()
    {
        Assert.Empty(SignalReader.BuiltIn.Explain(" ... ", Speaker.Customer));
        Assert.Empty(SignalReader.BuiltIn.Explain("cancel it", Speaker.Unspecified));
    }

    private static IEnumerable<string> HeldOut()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "RetentionScore.sln"))) folder = Path.GetDirectoryName(folder)!;
        return File.ReadLines(Path.Combine(folder, "tests", "labels", "heldout.jsonl"))
            .SelectMany(line => JsonDocument.Parse(line).RootElement.GetProperty("turns").EnumerateArray().Select(turn => turn.GetProperty("text").GetString()!));
    }
}
