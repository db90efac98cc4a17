using System.Reflection;

namespace RetentionScore.Interop.Client;

/// <summary>Runs every case, or those that are named, and prints a line for each.</summary>
    /// <param name="target">The server.</param>
    /// <param name="agingPort">Of one that sends GOAWAY to every connection; 0 where there is none.</param>
    /// <param name="only">Names of cases; empty for all.</param>
internal static class CaseRunner
{
    private const BindingFlags Cases = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly;

    private static readonly TimeSpan CaseTimeout = TimeSpan.FromSeconds(40);

    public static async Task<int> RunAsync(Target target, int agingPort, string[] only)
    {
        List<object> groups =
        [
            new MethodCases(target), new MetadataCases(target), new EndingCases(target), new ErrorCases(target), new CompressionCases(target),
            new SizeCases(target), new HealthCases(target), new ReflectionCases(target),
        ];
        if (agingPort > 0) groups.Add(new ConnectionCases(agingPort));
        var prefix = Environment.GetEnvironmentVariable("INTEROP_PREFIX") ?? "";
        var failed = 0;
        foreach (var group in groups)
        {
            foreach (var method in group.GetType().GetMethods(Cases))
            {
                var name = NameOf(method);
                if (only.Length > 0 && !only.Contains(name, StringComparer.Ordinal)) continue;
                try
                {
                    var run = method.CreateDelegate<Func<Task>>(method.IsStatic ? null : group);
                    await Task.Run(run).WaitAsync(CaseTimeout);
                    Console.WriteLine($"ok {prefix}{name}");
                }
                catch (Exception error)
                {
                    failed++;
                    Console.WriteLine($"FAIL {prefix}{name}: {error.GetType().Name}: {error.Message.ReplaceLineEndings(" | ")}");
                    if (error is not CheckFailedException) await Console.Error.WriteLineAsync(error.ToString());
                }
            }
        }

        return failed > 0 ? 1 : 0;
    }

    /// <summary>As the other clients write it: Unary_Echoes is unary_echoes.</summary>
    private static string NameOf(MethodInfo method) =>
        string.Join('_', method.Name.Split('_').Select(word => char.ToLowerInvariant(word[0]) + word[1..]));
}
