using RetentionScore.Cli;

return await CommandLine.RunAsync(args, Screen.OfProcess());
