namespace RetentionScore.Cli.Learning;

/// <summary>A count of calls against what it may be.</summary>
/// <param name="Set">The set.</param>
/// <param name="Name">What is counted.</param>
/// <param name="Count">How many.</param>
/// <param name="Of">Of how many.</param>
/// <param name="Least">At least so many; null for no bound.</param>
/// <param name="Most">At most so many; null for no bound.</param>
internal sealed record Bar(string Set, string Name, int Count, int Of, int? Least, int? Most)
{
    /// <summary>Whether it holds; null where there is no bound.</summary>
    public bool? IsReached => Least is null && Most is null ? null : !(Count < Least) && !(Count > Most);
}
