using System.Runtime.CompilerServices;

namespace RetentionScore.Client.Tests;

/// <summary>Handlers that block, as some tests have them, hold threads of the pool; with as few as there are cores nothing else would go on.</summary>
internal static class TestThreads
{
#pragma warning disable CA2255 // of tests, not of a library
    [ModuleInitializer]
    internal static void Prepare() => ThreadPool.SetMinThreads(16, 16);
#pragma warning restore CA2255
}
