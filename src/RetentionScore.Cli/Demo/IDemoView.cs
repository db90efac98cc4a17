namespace RetentionScore.Cli.Demo;

/// <summary>How the demo is watched: redrawn on a terminal, or line by line elsewhere.</summary>
internal interface IDemoView
{
    /// <summary>Something happened on a call. Called under the board's lock, one entry at a time.</summary>
    void Tell(Lane lane, TimelineEntry entry);

    /// <summary>Shows the calls until they have all been played.</summary>
    Task ShowAsync(Task played);
}
