namespace RetentionScore.Server.Tests;

public sealed class CallTests
{
    [Fact]
    public async Task WholeCall_IsScoredAnsweredAndSummarised()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        CallOpened opened = await call.OpenAsync("call-1");
        Assert.Equal(1u, opened.NextSeq);
        Assert.Equal(Durability.None, opened.Durability);
        Assert.False(opened.Resumed);

        ScoreUpdate first = await call.SayAsync(1, "I want to cancel my internet service.");
        Assert.Equal(1u, first.Seq);
        Assert.Equal(1u, first.AsOfSeq);
        Assert.Equal(CancelStage.Requested, first.CancelStage);
        Assert.NotNull(first.Risk);
        Assert.Contains(first.Recommendations, r => r.Action == RecommendedAction.AcknowledgeRequest);
        await call.SayAsync(2, "Why do you want to leave us?", Speaker.Agent);
        CallSummary summary = await call.EndAsync(3);
        Assert.Equal("call-1", summary.CallId);
        Assert.Equal(2u, summary.Utterances);
        Assert.Equal(Disposition.Cancelled, summary.Disposition);
        Assert.Equal(3u, summary.Last.Seq);
        await call.HalfCloseAsync();
        Assert.Empty(await call.RestAsync());
    }

    [Fact]
    public async Task ServerInfo_TellsLimitsAndCalibrations()
    {
        await using TestServer server = await TestServer.StartAsync();
        GetServerInfoResponse info = await server.Client.GetServerInfoAsync(new GetServerInfoRequest()).ResponseAsync.Within();
        Assert.Equal(8192u, info.Limits.MaxTextChars);
        Assert.Equal(300u, info.Limits.ResumeWindowS);
        Assert.Equal(["default"], info.Policies);
        Assert.Equal(7, info.Calibrations.Count);
        foreach (ScoreCalibration calibration in info.Calibrations)
        {
            bool measured = calibration.Score is "cancel_intent" or "frustration";
            Assert.Equal(measured ? CalibrationBasis.Measured : CalibrationBasis.Expert, calibration.Basis);
            Assert.Equal(measured, calibration.N > 0 && calibration.Data.Length > 0);
        }
    }
}
