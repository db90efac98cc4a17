using RetentionScore.LoadTests;

return await LoadCommands.Root().Parse(args).InvokeAsync();
