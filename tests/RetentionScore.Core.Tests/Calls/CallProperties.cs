using FsCheck;
using FsCheck.Fluent;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Tests.Calls;

/// <summary>What holds for every call, whatever is said.</summary>
public class CallProperties
{
    private static readonly string[] Lines =
    [
        "c i would like to cancel my broadband please", "c i want to cancel it", "c i'd rather not say why", "c no thank you i don't want any offers",
        "c we are moving to another provider because it's cheaper", "c this is ridiculous", "c i'm going to post this online", "c i am recording this call",
        "c let me speak to your supervisor", "c yes", "c no", "c yeah", "c okay", "c actually i'll keep it", "c you are an idiot", "c thank you so much",
        "c my father passed away", "c what can you do for me", "c are you still there", "c and the landline as well i want to cancel that too",
        "a why do you want to cancel", "a can i ask what the reason is", "a we are the number one provider", "a i can offer you half price for six months",
        "a okay i'll cancel that for you", "a that's all cancelled for you now", "a you need to send us a letter", "a let me put you on hold",
        "a have you got your account number", "a i'm sorry about that", "a sorry could you repeat that", "a so you want to cancel is that right",
        "a thank you for being a customer", "a yeah", "a let me transfer you to my colleague",
        "e HoldStarted", "e HoldEnded", "e Transferred", "e Tick", "e OfferPresented", "e OfferDeclined", "e CancellationStarted", "e SupervisorJoined",
    ];

    private static readonly Arbitrary<int[]> Calls = Gen.Choose(0, Lines.Length - 1).ArrayOf().Resize(60).ToArbitrary();

    [Fact]
    public void Scores_OfAnyCall_AreProbabilities() => Check(Calls, call =>
        Played(call).All(u => Values(u.Risk).All(v => v is >= 0 and <= 1 && !float.IsNaN(v)) && u.Risk.OverallLow <= u.Risk.Overall && u.Risk.Overall <= u.Risk.OverallHigh));

    [Fact]
    public void SameCall_PlayedTwice_GivesTheSameBits() => Check(Calls, call =>
        Played(call).Select(u => u.Print).SequenceEqual(Played(call).Select(u => u.Print)));

    [Fact]
    public void Contributions_OfEveryScore_AddUpToItsLogOdds() => Check(Calls, call => Played(call).All(u => u.EvidenceGap <= 1e-4));

    [Fact]
    public void Preview_BetweenMessages_ChangesNothing() => Check(Calls, call =>
        Played(call).Select(u => u.Print).SequenceEqual(Played(call, previews: true).Select(u => u.Print)));

    [Fact]
    public void AudienceTenureContacts_OfTheCustomer_NeverMoveStagePressureOrTheAgentsPrompts() => Check(Calls, call =>
        Played(call).Select(u => u.Fair).SequenceEqual(
            Played(call, context: new CallContext { Audience = 5_000_000, TenureMonths = 300, ContactsLast30Days = 9 }).Select(u => u.Fair)));

    [Theory]
    [InlineData("c i want to cancel it")]
    [InlineData("c i'd rather not say why")]
    [InlineData("c no thank you i don't want any offers")]
    public void OneMoreRefusalOrRepeat_NeverLowersPressureOrOverall(string more) => CheckAgainst(more, "c hmm the weather", (with, without) =>
        with.RetentionPressure >= without.RetentionPressure && with.Overall >= without.Overall);

    [Theory]
    [InlineData("a okay i'll cancel that for you")]
    [InlineData("a that's all cancelled for you now")]
    public void AnAcknowledgement_NeverRaisesPressureOrOverall(string ack) => CheckAgainst(ack, "a the weather is nice", (with, without) =>
        with.RetentionPressure <= without.RetentionPressure && with.Overall <= without.Overall);

    [Fact]
    public void OneMoreUnacknowledgedMinute_NeverLowersFacts()
    {
        // Moods halve with time, facts do not: in a call without moods a minute more never lowers the scores.
        int[] call = [.. new[] { "c i want to cancel it", "a why do you want to cancel", "c i'd rather not say why", "a can i ask what the reason is" }.Select(l => Array.IndexOf(Lines, l))];
        var talk = new Talk();
        foreach (int line in call) Step(talk, Lines[line]);
        RiskScores before = talk.Event(CallEventKind.Tick).Risk;
        for (int minute = 0; minute < 10; minute++)
        {
            RiskScores after = talk.Event(CallEventKind.Tick, afterMs: 60_000).Risk;
            Assert.True(after.RetentionPressure >= before.RetentionPressure && after.Overall >= before.Overall);
            before = after;
        }
    }

    [Fact]
    public void AnyText_IsRead_AndNeverThrows()
    {
        Check(ArbMap.Default.ArbFor<string>(), text =>
        {
            var talk = new Talk();
            talk.Customer(text ?? "");
            talk.Agent(text ?? "");
            return true;
        });
        foreach (string text in new[] { "\ud800", "a\udc00b", new string('a', 100_000), string.Concat(Enumerable.Repeat("cancel \u202e my \u0007 \u0000 مرحبا ", 5000)), "\u0301\u0301", "’’’", "@", "://", "@@@ http://x y" })
        {
            var talk = new Talk();
            var update = talk.Customer(text);
            Assert.All(update.Evidence, e => Assert.InRange(e.EndChar, e.BeginChar, text.Length));
        }
    }

    [Fact]
    public void AnyBytes_AreRead_AndNeverThrow() => Check(ArbMap.Default.ArbFor<byte[]>(), bytes =>
    {
        var session = new CallSession(Policy.RetentionPolicy.Default, CallContext.Empty, explain: true);
        session.Observe(new Utterance { Seq = 1, Speaker = Speaker.Customer, Text = bytes, EndMs = 10 }, new ScoringScratch());
        return true;
    });

    private sealed record Shot(RiskScores Risk, string Print, double EvidenceGap, string Fair);

    private static List<Shot> Played(int[] call, bool previews = false, CallContext? context = null)
    {
        var talk = new Talk(context);
        var shots = new List<Shot>();
        foreach (int line in call)
        {
            if (previews)
            {
                talk.Preview(Speaker.Customer, "i want to cancel my account");
                talk.Preview(Speaker.Agent, "why would you want to leave us");
            }

            ScoreUpdate u = Step(talk, Lines[line]);
            string fair = $"{u.Stage} {BitConverter.SingleToInt32Bits(u.Risk.RetentionPressure)} {string.Join(",", u.Recommendations.Where(r => r.Audience == Policy.Audience.Agent).Select(r => r.Id + r.Reason + r.State))}";
            shots.Add(new Shot(u.Risk, Talk.Print(u), Gap(u), fair));
        }

        return shots;
    }

    private static ScoreUpdate Step(Talk talk, string line) => line[0] switch
    {
        'c' => talk.Customer(line[2..]),
        'a' => talk.Agent(line[2..]),
        _ => talk.Event(Enum.Parse<CallEventKind>(line[2..]), afterMs: 1000),
    };

    private static double Gap(ScoreUpdate u)
    {
        if (!u.HasRisk) return 0;
        double widest = 0;
        foreach (var group in u.Evidence.GroupBy(e => e.Score))
        {
            double sum = group.Sum(e => (double)e.Contribution);
            double score = group.Key switch
            {
                Score.Overall => u.Risk.Overall,
                Score.CancelIntent => u.Risk.CancelIntent,
                Score.Frustration => u.Risk.Frustration,
                Score.RetentionPressure => u.Risk.RetentionPressure,
                Score.Escalation => u.Risk.Escalation,
                Score.Exposure => u.Risk.Exposure,
                _ => u.Risk.SaveLikelihood,
            };
            // Compared as log-odds where floats can tell them apart, as probabilities in the tails.
            double logOdds = Math.Log(score / (1 - score));
            double gap = score is > 0.001 and < 0.999 ? Math.Abs(logOdds - sum) : Math.Abs(score - 1 / (1 + Math.Exp(-sum)));
            widest = Math.Max(widest, gap);
        }

        return widest;
    }

    private static void CheckAgainst(string line, string neutral, Func<RiskScores, RiskScores, bool> holds) => Check(Calls, call =>
    {
        var with = new Talk();
        var without = new Talk();
        foreach (int step in call)
        {
            Step(with, Lines[step]);
            Step(without, Lines[step]);
        }

        return holds(Step(with, line).Risk, Step(without, neutral).Risk);
    });

    private static IEnumerable<float> Values(RiskScores r) =>
        [r.Overall, r.OverallLow, r.OverallHigh, r.CancelIntent, r.Frustration, r.RetentionPressure, r.Escalation, r.Exposure, r.SaveLikelihood];

    private static void Check<T>(Arbitrary<T> inputs, Func<T, bool> holds) => Prop.ForAll(inputs, holds).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
}
