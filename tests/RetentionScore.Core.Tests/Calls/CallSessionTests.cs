using System.Collections.Immutable;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Tests.Calls;

public class CallSessionTests
{
    private const string Request = "i'd like to cancel my broadband contract please";
    private const string Why = "can i ask why you want to leave us";
    private const string NoReason = "i'd rather not say";
    private const string Offer = "i can offer you half price for six months";
    private const string NoOffer = "no thank you i don't want any offers";

    [Fact]
    public void Request_FirstTime_IsRequestedAndToBeAcknowledged()
    {
        var talk = new Talk();
        var update = talk.Customer(Request);
        Assert.Equal(CancelStage.Requested, update.Stage);
        Assert.Equal(RecommendationState.New, Find(update, RecommendedAction.AcknowledgeRequest)!.Value.State);
        Assert.Equal(CancelStage.Acknowledged, talk.Agent("no problem i'll cancel that for you").Stage);
        Assert.Equal(CancelStage.Confirmed, talk.Agent("that's all cancelled for you now your reference is four four nine").Stage);
    }

    [Fact]
    public void WhyAfterARefusal_IsAWarningInThatVeryUpdate()
    {
        var talk = new Talk();
        talk.Customer(Request);
        Assert.Null(Find(talk.Agent(Why), RecommendedAction.StopAskingWhy));
        Assert.Equal(Severity.Info, Find(talk.Customer(NoReason), RecommendedAction.StopAskingWhy)!.Value.Severity);
        var warning = Find(talk.Agent("but what is the reason you are leaving"), RecommendedAction.StopAskingWhy)!.Value;
        Assert.Equal((Severity.Warning, "WHY_ASKED_AFTER_REFUSAL"), (warning.Severity, warning.Reason));
    }

    [Fact]
    public void Repeat_InALaterTurn_IsRepeatedAndToBeProcessed()
    {
        var talk = new Talk();
        talk.Customer(Request);
        talk.Agent(Why);
        var update = talk.Customer("i just want to cancel it please");
        Assert.Equal((CancelStage.Repeated, 1), (update.Stage, update.Progress.Repeats));
        Assert.NotNull(Find(update, RecommendedAction.ProcessCancellation));
    }

    [Fact]
    public void Repeat_AfterTheAgentAskedToHearItAgain_IsNoRepeat()
    {
        var talk = new Talk();
        talk.Customer(Request);
        talk.Agent("sorry could you repeat that you're breaking up");
        Assert.Equal(0, talk.Customer(Request).Progress.Repeats);
    }

    [Fact]
    public void AcknowledgedAndThenAsksWhy_IsWordsOnly_AndTheClockGoesOn()
    {
        var talk = new Talk();
        talk.Customer(Request);
        talk.Agent("yes of course i'll cancel that for you");
        talk.Customer("thank you");
        var update = talk.Agent(Why);
        Assert.True(update.Progress.AcknowledgedInWordsOnly);
        Assert.Equal(CancelStage.Requested, update.Stage);
        Assert.True(update.Progress.UnacknowledgedMs > 6000);
    }

    [Fact]
    public void SaveBudget_IsOneByDefault_NoneAfterARefusal_LowerByJurisdiction()
    {
        var talk = new Talk();
        Assert.Equal(1, talk.Customer(Request).Progress.SaveAttemptsLeft);
        Assert.Equal(0, talk.Agent(Offer).Progress.SaveAttemptsLeft);
        talk.Customer(NoOffer);
        var over = talk.Agent("we could do it for ten pounds a month how about that");
        Assert.Equal(-1, over.Progress.SaveAttemptsLeft);
        Assert.NotNull(Find(over, RecommendedAction.StopOffering));

        var strict = RetentionPolicy.Default with { SaveAttemptsByJurisdiction = ImmutableSortedDictionary<string, int>.Empty.Add("US-CA", 0) };
        var there = new Talk(new CallContext { Jurisdiction = "US-CA" }, policy: strict);
        Assert.Equal(0, there.Customer(Request).Progress.SaveAttemptsLeft);
    }

    [Fact]
    public void OfferThatWasAskedFor_IsNoSaveAttempt()
    {
        var talk = new Talk();
        talk.Customer(Request);
        talk.Agent("no problem i'll cancel that for you");
        talk.Customer("unless there's something you can do for me on the price");
        Assert.Equal(0, talk.Agent(Offer).Progress.SaveAttempts);
    }

    [Fact]
    public void Correction_PutsNewWordsInTheOldPlace_AndWithdrawsWhatRestedOnThem()
    {
        var talk = new Talk();
        talk.Agent("how can i help");
        talk.Customer(Request);
        talk.Agent("okay");
        var update = talk.Say(Speaker.Customer, "i'd like to check my broadband contract please", corrects: 2);
        Assert.Equal((CancelStage.None, 2u), (update.Stage, update.RescoredFromSeq));
        Assert.Equal(RecommendationState.Withdrawn, Find(update, RecommendedAction.AcknowledgeRequest)!.Value.State);

        var plain = new Talk();
        plain.Agent("how can i help");
        plain.Customer("i'd like to check my broadband contract please");
        plain.Agent("okay");
        // Moods fade with the clock: the same time for both.
        Assert.Equal(plain.Event(CallEventKind.Tick, afterMs: talk.NowMs - plain.NowMs).Risk.Overall, talk.Event(CallEventKind.Tick).Risk.Overall);
    }

    [Fact]
    public void Correction_OlderThanTheLog_OrOfNoUtterance_IsTooOld()
    {
        var talk = new Talk();
        talk.Customer(Request);
        talk.Event(CallEventKind.HoldStarted);
        Assert.Equal(Degradations.CorrectionTooOld, talk.Say(Speaker.Customer, "hello", corrects: 2).Degraded);
        for (int i = 0; i < 64; i++) talk.Agent("right okay");
        Assert.Equal(Degradations.CorrectionTooOld, talk.Say(Speaker.Customer, "hello", corrects: 1).Degraded);
    }

    [Fact]
    public void Interim_MovesTheStageOnlyWhereSure_AndTellsNoPrompts()
    {
        var talk = new Talk();
        talk.Agent("how can i help");
        var sure = talk.Preview(Speaker.Customer, "i want to cancel my contract");
        Assert.Equal((CancelStage.Requested, true, 0), (sure.Stage, sure.Interim, sure.Recommendations.Count));
        Assert.Equal(CancelStage.None, talk.Preview(Speaker.Customer, "i want to cancel netflix").Stage);
        Assert.Equal(CancelStage.None, talk.Event(CallEventKind.Tick).Stage);
    }

    [Fact]
    public void DoubtfulRecogniser_WeakensEvidence_AndWidensTheInterval()
    {
        var talk = new Talk();
        Assert.Equal(CancelStage.None, talk.Customer(Request, confidence: 0.1f).Stage);
        var sure = talk.Customer("hello").Risk;
        Assert.True(sure.OverallHigh > sure.Overall && sure.Overall > sure.OverallLow);
        var clear = new Talk().Customer(Request, confidence: 0.9f).Risk;
        Assert.Equal(clear.OverallLow, clear.OverallHigh);
    }

    [Fact]
    public void NewAgent_HearsTheRequestForTheFirstTime()
    {
        var talk = new Talk(new CallContext { AgentId = "a1" });
        talk.Customer(Request);
        talk.Agent(Why);
        talk.Customer(NoReason);
        talk.Event(CallEventKind.Transferred);
        talk.Agent("hello this is kim how can i help");
        var again = talk.Customer(Request);
        Assert.Equal((2, 0), (again.Progress.Requests, again.Progress.Repeats));
        Assert.DoesNotContain(talk.Agent(Why).Recommendations, r => r.Severity == Severity.Warning && r.Action == RecommendedAction.StopAskingWhy);
    }

    [Fact]
    public void DismissedPrompt_Ends_AndStaysAwayForTwiceTheCoolDown()
    {
        var talk = new Talk();
        talk.Customer(Request);
        talk.Agent(Why);
        talk.Customer(NoReason);
        var warning = Find(talk.Agent(Why), RecommendedAction.StopAskingWhy)!.Value;
        var dismissed = talk.Event(CallEventKind.PromptDismissed, prompt: warning.Id);
        Assert.Equal(RecommendationState.Withdrawn, Find(dismissed, RecommendedAction.StopAskingWhy)!.Value.State);
        talk.Event(CallEventKind.Tick, afterMs: 70_000);
        talk.Customer("i'm not telling you");
        Assert.DoesNotContain(talk.Agent(Why).Recommendations, r => r.Severity == Severity.Warning && r.Action == RecommendedAction.StopAskingWhy);
        talk.Event(CallEventKind.Tick, afterMs: 70_000);
        talk.Customer("i'm not telling you");
        Assert.Contains(talk.Agent(Why).Recommendations, r => r.Severity == Severity.Warning && r.Action == RecommendedAction.StopAskingWhy);
    }

    [Fact]
    public void PromptsToTheAgent_AtMostThreeChargedInAMinute()
    {
        foreach (string file in Scenarios.ScenarioFile.All())
        {
            // Hints are charged; warnings are not.
            var play = Scenarios.Play.Of(Scenarios.ScenarioFile.Load(file));
            Assert.True(play.MostHintsInAMinute <= 3, file);
        }
    }

    [Fact]
    public void Band_GoesUpAtOnce_AndDownOneAfterTenSeconds_AtOnceOnConfirmation()
    {
        var talk = new Talk();
        talk.Customer(Request);
        talk.Agent(Why);
        talk.Customer(NoReason);
        for (int i = 0; i < 4; i++)
        {
            talk.Agent("but why do you want to leave us");
            talk.Customer("please just cancel my contract");
        }

        Assert.Equal(RiskBand.Critical, talk.Agent("why do you want to leave us").Band);
        var confirmed = talk.Agent("that's all cancelled for you now");
        Assert.True(confirmed.Band <= RiskBand.Critical);
        talk.Event(CallEventKind.Tick, afterMs: 240_000);
        Assert.True(talk.Event(CallEventKind.Tick, afterMs: 11_000).Band < RiskBand.Critical);
    }

    [Fact]
    public void BotsMenu_DoesNotCount_WhatTheCustomerTellsItDoes()
    {
        var talk = new Talk();
        Assert.Equal(CancelStage.None, talk.Say(Speaker.Bot, "to cancel your service say cancel my service").Stage);
        var update = talk.Customer("cancel my service");
        Assert.Equal(CancelStage.Requested, update.Stage);
        Assert.Equal(CancelStage.Requested, talk.Say(Speaker.Bot, "i'll find you an agent").Stage);
    }

    [Fact]
    public void UnsupportedLanguage_IsNotEvaluated_WhichIsNotNoRisk()
    {
        var session = new CallSession(RetentionPolicy.Default, CallContext.Empty, languageSupported: false);
        var update = session.Observe(new Utterance { Seq = 1, Speaker = Speaker.Customer, Text = "ich will kündigen"u8, EndMs = 1000 }, new ScoringScratch());
        Assert.False(update.HasRisk);
        Assert.Equal(Degradations.LanguageNotEvaluated, update.Degraded);
    }

    [Fact]
    public void Summary_TellsCountsMomentsAndTheExitChecklist()
    {
        var talk = new Talk();
        talk.Customer(Request);
        talk.Agent(Why);
        talk.Customer(NoReason);
        talk.Agent(Why);
        talk.Customer("please just cancel my contract");
        talk.Agent("that's all cancelled for you now it ends on the ninth your reference is four four nine");
        talk.Agent("thank you for having been with us you're always welcome back");
        var summary = talk.End();
        Assert.Equal(("DECLINED", 2, 1, 2), (summary.ReasonCode, summary.Progress.ReasonAsked, summary.Progress.ReasonAskedAfterDeclined, summary.Progress.Requests));
        Assert.Contains(summary.Moments, m => m is { Kind: "WHY_AFTER_REFUSAL", Praise: false });
        Assert.Contains(summary.Moments, m => m is { Kind: "CONFIRMED", Praise: true });
        Assert.Equal(["ACKNOWLEDGED", "CONFIRMATION_NUMBER", "EFFECTIVE_DATE", "THANKED", "DOOR_LEFT_OPEN"], summary.ExitSteps.Where(s => s.Done).Select(s => s.Step));
        Assert.True(summary.LongestUnacknowledgedMs > 10_000);
    }

    private static Recommendation? Find(ScoreUpdate update, RecommendedAction action)
    {
        foreach (var r in update.Recommendations.OrderBy(r => r.State))
        {
            if (r.Action == action) return r;
        }

        return null;
    }
}
