using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Tests.Signals;

/// <summary>docs/labels.md defines the signals; its examples are read as it says.</summary>
public class LabelsTests
{
    public static TheoryData<string, string, bool> Examples()
    {
        var data = new TheoryData<string, string, bool>();
        string root = Path.GetDirectoryName(Path.GetDirectoryName(Scenarios.ScenarioFile.Root))!;
        string signal = "";
        foreach (string line in File.ReadLines(Path.Combine(root, "docs", "labels.md")))
        {
            if (line.StartsWith("### ", StringComparison.Ordinal)) signal = line[4..].Trim();
            else if (line.StartsWith("## ", StringComparison.Ordinal)) signal = "";
            else if (signal.Length > 0 && line.Length > 2 && line[0] is '+' or '-' && line[1] == ' ') data.Add(signal, line[2..].Trim().Trim('`', '"'), line[0] == '+');
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Example_OfASignal_IsReadAsItSays(string name, string text, bool positive)
    {
        Assert.True(SignalCatalogue.TryParse(name, out Signal signal), name);
        foreach (Speaker speaker in new[] { Speaker.Customer, Speaker.Agent })
        {
            bool side = speaker == Speaker.Customer ? SignalCatalogue.OfCustomer(signal) : SignalCatalogue.OfAgent(signal);
            if (side) Assert.Equal(positive, SignalReader.BuiltIn.Read(text, speaker)[signal] >= 0.5f);
        }
    }

    [Fact]
    public void EverySignal_OfTheContract_HasThreePositivesAndThreeNearMisses()
    {
        var counts = Examples().GroupBy(e => (string)e[0]).ToDictionary(g => g.Key, g => (g.Count(e => (bool)e[2]), g.Count(e => !(bool)e[2])));
        for (Signal signal = Signal.CancelRequest; signal < Signal.AsksIfCancel; signal++)
        {
            Assert.True(counts.TryGetValue(SignalCatalogue.Name(signal), out var count), SignalCatalogue.Name(signal));
            Assert.True(count.Item1 >= 3 && count.Item2 >= 3, SignalCatalogue.Name(signal));
        }
    }
}
