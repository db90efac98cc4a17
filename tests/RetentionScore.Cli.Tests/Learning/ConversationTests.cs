using RetentionScore.Cli.Learning;
using RetentionScore.Core;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Tests.Learning;

public class ConversationTests
{
    [Fact]
    public void Heard_Turns_AreToldWhatWasDoneBefore()
    {
        PriorActs[] before = Before(
            (Speaker.Customer, "i'd like to cancel my broadband please"), (Speaker.Agent, "can i ask why you want to leave us"), (Speaker.Customer, "no"),
            (Speaker.Agent, "i can offer you half price for six months"), (Speaker.Customer, "no thanks"));
        Assert.Equal(PriorActs.None, before[0]);
        Assert.True(before[1].HasFlag(PriorActs.Request));
        Assert.True(before[2].HasFlag(PriorActs.Why | PriorActs.Open));
        Assert.False(before[2].HasFlag(PriorActs.Offer));
        Assert.True(before[4].HasFlag(PriorActs.Offer | PriorActs.Open));
    }

    [Fact]
    public void Heard_OrdinaryCall_HasNothingOpen() => Assert.All(
        Before((Speaker.Agent, "how can i help"), (Speaker.Customer, "what is my balance"), (Speaker.Agent, "it is twelve pounds")),
        acts => Assert.Equal(PriorActs.None, acts & (PriorActs.Open | PriorActs.Request | PriorActs.Why | PriorActs.Offer)));

    [Fact]
    public void Heard_AnotherCall_BeginsAnew()
    {
        _ = Before((Speaker.Customer, "cancel my broadband please"));
        Assert.Equal([PriorActs.None], Before((Speaker.Agent, "hello")));
    }

    private static PriorActs[] Before(params (Speaker Speaker, string Text)[] turns) =>
    [
        .. Conversation.Heard(turns.Select(turn => new Example { Set = "own", Group = "call", Speaker = turn.Speaker, Text = turn.Text }), SignalReader.BuiltIn.With(null))
            .Select(example => example.Before),
    ];
}
