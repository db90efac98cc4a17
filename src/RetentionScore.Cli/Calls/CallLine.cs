namespace RetentionScore.Cli.Calls;

/// <summary>A line of a call file: a call, or what is wrong with it; never both, never neither.</summary>
/// <param name="Number">In the file, from 1.</param>
/// <param name="Call">The call; null where the line holds none.</param>
/// <param name="Problem">What is wrong: the member, its value and what it may be.</param>
/// <param name="Share">How much of the file has been read with this line, 0 to 1; null where that is not known.</param>
internal readonly record struct CallLine(int Number, RecordedCall? Call, string? Problem, double? Share);
