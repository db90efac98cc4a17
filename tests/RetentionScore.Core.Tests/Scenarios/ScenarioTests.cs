namespace RetentionScore.Core.Tests.Scenarios;

public class ScenarioTests
{
    public static TheoryData<string> Files() => new(ScenarioFile.All());

    [Theory]
    [MemberData(nameof(Files))]
    public void Scenario_Played_IsAsExpected(string file)
    {
        var play = Play.Of(ScenarioFile.Load(file));
        Assert.True(play.Broken.Count == 0, $"{file}:\n  " + string.Join("\n  ", play.Broken));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Scenario_Played_GivesTheGoldenScores(string file)
    {
        var scenario = ScenarioFile.Load(file);
        string golden = Play.Of(scenario).Golden;
        string path = Path.Combine(ScenarioFile.Root, "golden", scenario.Name + ".txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, golden);
        }

        Assert.True(File.Exists(path), $"no golden file for {file}: run with UPDATE_GOLDEN=1 and read it before you commit it");
        Assert.Equal(File.ReadAllText(path), golden);
    }

    [Fact]
    public void Scenarios_AreManyOfBothKinds()
    {
        Assert.True(ScenarioFile.All().Count(f => f.StartsWith("caught/", StringComparison.Ordinal)) >= 30);
        Assert.True(ScenarioFile.All().Count(f => f.StartsWith("quiet/", StringComparison.Ordinal)) >= 30);
    }
}
