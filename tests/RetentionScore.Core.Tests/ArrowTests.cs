using System.Text.RegularExpressions;

namespace RetentionScore.Core.Tests;

/// <summary>The layout's arrows, inside Core and between projects.</summary>
public partial class ArrowTests
{
    private static readonly string[] Rooms = ["Text", "Signals", "Dialogue", "Risk", "Policy", "Calls"];

    private static readonly Dictionary<string, string[]> Projects = new(StringComparer.Ordinal)
    {
        ["RetentionScore.Core"] = [],
        ["RetentionScore.Grpc"] = [],
        ["RetentionScore.Protocol"] = ["RetentionScore.Grpc"],
        ["RetentionScore.Client"] = ["RetentionScore.Protocol"],
        ["RetentionScore.Server"] = ["RetentionScore.Core", "RetentionScore.Protocol"],
        ["RetentionScore.Cli"] = ["RetentionScore.Core", "RetentionScore.Protocol", "RetentionScore.Server"],
    };

    private static string Source => Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Scenarios.ScenarioFile.Root))!, "src");

    [Fact]
    public void Rooms_OfCore_UseOnlyRoomsBeforeThem()
    {
        foreach (string path in Directory.GetFiles(Path.Combine(Source, "RetentionScore.Core"), "*.cs", SearchOption.AllDirectories))
        {
            string folder = Path.GetFileName(Path.GetDirectoryName(path))!;
            int room = Array.IndexOf(Rooms, folder);
            if (room < 0) continue;
            foreach (Match use in RoomUse().Matches(File.ReadAllText(path)))
            {
                string used = use.Groups[1].Value;
                Assert.True(Array.IndexOf(Rooms, used) <= room, $"{folder}/{Path.GetFileName(path)} uses {used}: the arrows are {string.Join(" ← ", Rooms)}");
            }
        }
    }

    [Fact]
    public void Projects_ReferOnly_AlongTheArrows()
    {
        foreach (string path in Directory.GetFiles(Source, "*.csproj", SearchOption.AllDirectories))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            Assert.True(Projects.TryGetValue(name, out var allowed), $"{name} is not in the layout");
            foreach (Match reference in ProjectReference().Matches(File.ReadAllText(path)))
                Assert.Contains(reference.Groups[1].Value, allowed);
        }
    }

    [GeneratedRegex(@"(?:RetentionScore\.Core\.|\b)(Text|Signals|Dialogue|Risk|Policy|Calls)\.[A-Z]|using RetentionScore\.Core\.(?:(?<1>\w+));")]
    private static partial Regex RoomUse();

    [GeneratedRegex("""ProjectReference Include="[^"]*/(RetentionScore\.\w+)\.csproj""")]
    private static partial Regex ProjectReference();
}
