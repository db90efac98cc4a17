using RetentionScore.Server;
using RetentionScore.Server.Options;

OptionsOutcome read = OptionsSource.Read(args);
if (read.Problems.Length > 0)
{
    foreach (string problem in read.Problems) Console.Error.WriteLine(problem);
    return 2;
}

try
{
    await using WebApplication app = ServerHost.Build(read.Options);
    await app.RunAsync();
    return 0;
}
catch (IOException exception)
{
    // A port that is taken or not ours.
    Console.Error.WriteLine(exception.Message);
    return 1;
}
