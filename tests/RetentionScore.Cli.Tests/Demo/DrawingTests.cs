using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Demo;
using RetentionScore.Server.Scoring;
using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli.Tests.Demo;

public class DrawingTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(124)]
    [InlineData(140)]
    [InlineData(220)]
    public void Draw_AtAnyMomentOfTheDemo_FitsTheTerminal(int width)
    {
        var board = new Board(DemoCalls.Load());
        foreach (var (lane, call) in DemoCalls.Load().Index())
        {
            var due = LiveSchedule.Of(call, 0).Messages;
            var updates = new TranscriptScorer().Score(call.Start(call.Id, explain: false), due.Select(message => message.Request)).Updates;
            foreach (var (i, update) in updates.Index())
            {
                board.Take(lane, due[i], update, (_, _) => { });
                board.Read(lanes =>
                {
                    Assert.All(Plain(new CallTable(width).Draw(lanes)), line => Assert.True(line.Length <= width, line));
                    IReadOnlyList<string> timeline = TimelineText.Last(lanes[lane], 9, width - 4);
                    Assert.InRange(timeline.Count, 1, 9);
                    Assert.All(timeline.SelectMany(Plain), line => Assert.True(line.Length <= width - 4, line));
                    return true;
                });
            }
        }
    }

    [Theory]
    [InlineData(0f, "─────   0")]
    [InlineData(0.5f, "━━╸──  50")]
    [InlineData(1f, "━━━━━ 100")]
    public void Gauge_OfAScore_HasOneWidth(float score, string drawn)
    {
        string line = Assert.Single(Plain(Gauge.OfRisk(score)));
        Assert.Equal(Gauge.Width, line.Length);
        Assert.Equal(drawn, line);
    }

    [Fact]
    public void Draw_ABrokenCall_SaysWhy()
    {
        var board = new Board(DemoCalls.Load());
        board.Take(0, LiveSchedule.Of(DemoCalls.Load()[0], 0).Messages[0], new ScoreUpdate { Seq = 1 }, (_, _) => { });
        board.End(0, null, "Unavailable: [gone]");
        Assert.Contains("Unavailable: [gone]", string.Join('\n', Plain(board.Read(lanes => new CallTable(140).Draw(lanes)))), StringComparison.Ordinal);
    }

    private static string[] Plain(string markup) => Markup.Remove(markup).Split('\n');
}
