using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Tests.Signals;

/// <summary>Phrases on their way from word to word.</summary>
public class PhraseWalkTests
{
    /// <summary>Few phrases at a word are looked through, many are hashed: a phrase must be known again on either side of that.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(60)]
    public void AddOnce_OthersCameBetweenThem_StaysOneAndTakesTheLaterBeginning(int others)
    {
        var walk = new PhraseWalk();
        walk.Begin([7, 7, 7], PhraseAutomaton.Sides.Customer);
        walk.MoveTo(0);
        walk.AddOnce(1, node: 1, first: 0);
        for (int i = 0; i < others; i++) walk.Add(1, node: 100 + i, first: 0);
        walk.AddOnce(1, node: 1, first: 1);
        walk.AddOnce(1, node: 2, first: 1);
        walk.AddOnce(1, node: 2, first: 0);
        walk.MoveTo(1);

        (int Node, int First)[] due = walk.Due.ToArray();
        Assert.Equal(others + 2, due.Length);
        Assert.Equal(1, Assert.Single(due, phrase => phrase.Node == 1).First);
        Assert.Equal(1, Assert.Single(due, phrase => phrase.Node == 2).First);
    }
}
