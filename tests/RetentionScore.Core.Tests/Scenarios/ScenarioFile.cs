using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace RetentionScore.Core.Tests.Scenarios;

/// <summary>A call of tests/scenarios as written; its README says what each member means.</summary>
public sealed class ScenarioFile
{
    public string Name { get; private set; } = "";
    public string About { get; set; } = "";
    public string Line { get; set; } = "";
    public ContextPart? Context { get; set; }
    public string Timings { get; set; } = "given";
    public List<Turn> Turns { get; set; } = [];
    public AlwaysPart? Always { get; set; }
    public List<Deadline> By { get; set; } = [];
    public EndPart? End { get; set; }

    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> All() => new[] { "caught", "quiet" }
        .SelectMany(kind => Directory.GetFiles(Path.Combine(Root, kind), "*.yaml"))
        .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    public static ScenarioFile Load(string relativePath)
    {
        var reader = new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).Build();
        var file = reader.Deserialize<ScenarioFile>(File.ReadAllText(Path.Combine(Root, relativePath)));
        file.Name = relativePath[..^".yaml".Length];
        return file;
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "RetentionScore.sln"))) folder = Path.GetDirectoryName(folder);
        return Path.Combine(folder ?? throw new DirectoryNotFoundException("no RetentionScore.sln above the tests"), "tests", "scenarios");
    }

    public sealed class ContextPart
    {
        public string? AgentId { get; set; }
        public string? Queue { get; set; }
        public string? Jurisdiction { get; set; }
        public string? CustomerId { get; set; }
        public uint? TenureMonths { get; set; }
        [YamlMember(Alias = "contacts_last_30_days")]
        public uint? ContactsLast30Days { get; set; }
        public uint? Audience { get; set; }
    }

    public sealed class Turn
    {
        public string? Agent { get; set; }
        public string? Customer { get; set; }
        public string? Supervisor { get; set; }
        public string? Bot { get; set; }
        public string? Event { get; set; }
        public string? At { get; set; }
        public string? Detail { get; set; }
        public ContextPart? Context { get; set; }
        public float? Confidence { get; set; }
        public uint Corrects { get; set; }
        public ExpectPart? Expect { get; set; }

        public (Speaker Speaker, string Text) Said =>
            Agent is not null ? (Speaker.Agent, Agent)
            : Customer is not null ? (Speaker.Customer, Customer)
            : Supervisor is not null ? (Speaker.Supervisor, Supervisor)
            : Bot is not null ? (Speaker.Bot, Bot)
            : throw new FormatException("a turn needs a speaker or an event");
    }

    public sealed class ExpectPart
    {
        public string? Stage { get; set; }
        public List<string> New { get; set; } = [];
        public List<string> Standing { get; set; } = [];
        public List<string> Absent { get; set; } = [];
        public List<string> Gone { get; set; } = [];
        public List<string> Signals { get; set; } = [];
        public List<string> NoSignals { get; set; } = [];
        public string? Band { get; set; }
        public string? BandAtLeast { get; set; }
        public string? BandAtMost { get; set; }
        public Dictionary<string, string> Risk { get; set; } = [];
        public Dictionary<string, string> Progress { get; set; } = [];
    }

    public sealed class AlwaysPart
    {
        public string? BandAtMost { get; set; }
        public List<string> Never { get; set; } = [];
        public Dictionary<string, string> Risk { get; set; } = [];
    }

    public sealed class Deadline
    {
        public string? Action { get; set; }
        public List<string> Any { get; set; } = [];
        public double At { get; set; }
    }

    public sealed class EndPart
    {
        public string? Disposition { get; set; }
        public string? Stage { get; set; }
        public string? ReasonCode { get; set; }
        public int? Requests { get; set; }
        public int? ReasonAsked { get; set; }
        public int? ReasonDeclined { get; set; }
        public int? ReasonAskedAfterDeclined { get; set; }
        public int? ReasonAskedAfterAnswered { get; set; }
        public int? SaveAttempts { get; set; }
        public int? Interruptions { get; set; }
        public List<string> ExitSteps { get; set; } = [];
    }
}
