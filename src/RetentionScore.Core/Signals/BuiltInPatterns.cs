#pragma warning disable RS0030 // the only place in Core that reads: its own embedded resources

using System.Reflection;

namespace RetentionScore.Core.Signals;

/// <summary>The pattern files in Signals/Patterns, embedded.</summary>
internal static class BuiltInPatterns
{
    public static PatternFile Load()
    {
        var file = new PatternFile();
        Assembly assembly = typeof(BuiltInPatterns).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!name.EndsWith(".patterns", StringComparison.Ordinal)) continue;
            using var reader = new System.IO.StreamReader(assembly.GetManifestResourceStream(name)!);
            file.Add(name, reader.ReadToEnd());
        }

        return file;
    }
}
