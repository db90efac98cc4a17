using System.Text;
using Google.Protobuf;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

/// <summary>After `opened`, what is wrong with one message's content is flagged and never ends the stream.</summary>
public sealed class ContentTests
{
    [Fact]
    public async Task OverlongText_IsCutAndFlagged()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        Assert.DoesNotContain(Degradation.TextTruncated, (await call.SayAsync(1, new string('a', 8192))).Degraded);
        Assert.Contains(Degradation.TextTruncated, (await call.SayAsync(2, new string('a', 8193))).Degraded);
        // Not in the middle of a character.
        Assert.Contains(Degradation.TextTruncated, (await call.SayAsync(3, new string('a', 8191) + "😀😀")).Degraded);
        Assert.Contains(Degradation.TextTruncated, (await call.SayAsync(4, "I want to cancel my service. " + new string('a', 100_000))).Degraded);
        Assert.Equal(5u, (await call.SayAsync(5, "hello")).Seq);
    }

    [Fact]
    public async Task EmptyText_IsAllowed()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        ScoreUpdate update = await call.SayAsync(1, "");
        Assert.Empty(update.Degraded);
        Assert.Equal(1u, update.AsOfSeq);
    }

    [Theory]
    [InlineData("‮ right to left ﷽ \u0000\u0001\u0007 ﾠ")]
    [InlineData("I WANT TO CANCEL \uFFFD\uFFFD my service")]
    [InlineData("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦")]
    public async Task StrangeText_IsScored(string text)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        Assert.Empty((await call.SayAsync(1, text)).Degraded);
    }

#if !OFFICIAL_PACKAGES
    // With the official packages, a later protobuf runtime throws out of the generated parser.
    [Fact]
    public async Task InvalidUtf8_IsReadAsReplacementCharacters()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        byte[] message = new ScoreCallRequest { Utterance = Say.Final(1, "cancel ## my service") }.ToByteArray();
        int at = message.AsSpan().IndexOf("##"u8);
        (message[at], message[at + 1]) = (0xc3, 0x28);
        var raw = new global::Grpc.Core.Method<byte[], ScoreCallResponse>(
            global::Grpc.Core.MethodType.DuplexStreaming,
            "retentionscore.v1.ScoringService",
            "ScoreCall",
            global::Grpc.Core.Marshallers.Create(bytes => bytes, bytes => bytes),
            global::Grpc.Core.Marshallers.Create(response => response.ToByteArray(), ScoreCallResponse.Parser.ParseFrom));
        using var stream = server.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(raw, null, default);
        await stream.RequestStream.WriteAsync(new ScoreCallRequest { Start = new CallStart { CallId = "c", ResumeFrom = 1, Attempt = 1 } }.ToByteArray()).Within();
        await stream.RequestStream.WriteAsync(message).Within();
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(1u, stream.ResponseStream.Current.Update.AsOfSeq);
        Assert.Empty(stream.ResponseStream.Current.Update.Degraded);
    }
#endif

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public async Task UnknownSpeaker_IsNeitherSideAndFlagged(int speaker)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        ScoreUpdate update = await call.SayAsync(1, "I want to cancel my service.", (Speaker)speaker);
        Assert.Contains(Degradation.InputIgnored, update.Degraded);
        Assert.Equal(CancelStage.None, update.CancelStage);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(-0.1f)]
    [InlineData(1.1f)]
    public async Task ImpossibleConfidence_IsIgnoredAndFlagged(float confidence)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall with = server.Call(), without = server.Call();
        await with.OpenAsync("a");
        await without.OpenAsync("b");
        Utterance utterance = Say.Final(1, "I want to cancel my service.");
        await without.SendAsync(utterance);
        ScoreUpdate expected = await without.UpdateAsync();
        utterance.AsrConfidence = confidence;
        await with.SendAsync(utterance);
        ScoreUpdate update = await with.UpdateAsync();
        Assert.Equal([Degradation.InputIgnored], update.Degraded);
        Assert.Equal(expected.Risk, update.Risk);
    }

    [Theory]
    [InlineData(-1, 100)]
    [InlineData(5000, 4000)]
    [InlineData(0, int.MaxValue)]
    [InlineData(int.MinValue, int.MaxValue)]
    public async Task ImpossibleTimings_AreClockSkewAndReplaced(int startMs, int endMs)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SendAsync(new Utterance { Seq = 1, Speaker = Speaker.Customer, Text = "hello", StartMs = startMs, EndMs = endMs });
        ScoreUpdate update = await call.UpdateAsync();
        Assert.Contains(Degradation.ClockSkew, update.Degraded);
        Assert.InRange(update.StartMs, 0, update.EndMs);
        Assert.InRange(update.EndMs, 0, 60_000);
    }

    [Fact]
    public async Task EventsWithUnknownKindPromptOrTime_KeepTheirPlaceAndAreFlagged()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        CallEvent[] events =
        [
            new() { Seq = 1, Kind = (CallEventKind)99 },
            new() { Seq = 2, Kind = CallEventKind.Unspecified },
            new() { Seq = 3, Kind = CallEventKind.PromptShown, RecommendationId = "rubbish" },
            new() { Seq = 4, Kind = CallEventKind.PromptDismissed, RecommendationId = "1.6" },
            new() { Seq = 5, Kind = CallEventKind.ContextChanged, Context = new CallContext { AgentId = new string('x', 1000) } },
        ];
        foreach (CallEvent one in events)
        {
            await call.SendAsync(one);
            ScoreUpdate update = await call.UpdateAsync();
            Assert.Equal([Degradation.InputIgnored], update.Degraded);
            Assert.Equal(one.Seq, update.AsOfSeq);
        }

        await call.SendAsync(new CallEvent { Seq = 6, Kind = CallEventKind.Tick, AtMs = -5 });
        Assert.Equal([Degradation.ClockSkew], (await call.UpdateAsync()).Degraded);
    }

    [Fact]
    public async Task OverlongUtteranceId_IsIgnoredAndFlagged()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SendAsync(Say.Final(1, "hello", id: new string('i', 65)));
        Assert.Contains(Degradation.InputIgnored, (await call.UpdateAsync()).Degraded);
        await call.SendAsync(Say.Final(2, "hello", id: new string('i', 64)));
        Assert.Empty((await call.UpdateAsync()).Degraded);
    }

    [Fact]
    public async Task UnknownDisposition_EndsTheCallUnspecified()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        CallSummary summary = await call.EndAsync(1, (Disposition)77);
        Assert.Equal(Disposition.Unspecified, summary.Disposition);
        Assert.Contains(Degradation.InputIgnored, summary.Last.Degraded);
    }

    [Fact]
    public async Task UnknownRequestMember_IsIgnored()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        // Field 99 with an empty message: what a later minor version may send.
        await call.SendAsync(ScoreCallRequest.Parser.ParseFrom([0x9a, 0x06, 0x00]));
        await call.SendAsync(new ScoreCallRequest());
        Assert.Equal(1u, (await call.SayAsync(1, "hello")).Seq);
    }

    [Theory]
    [InlineData("de", true)]
    [InlineData("pt-BR", true)]
    [InlineData("enm", true)]
    [InlineData("", false)]
    [InlineData("en", false)]
    [InlineData("EN-us", false)]
    public async Task Language_WithoutAModel_IsNotEvaluated(string language, bool flagged)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Language = language });
        ScoreUpdate update = await call.SayAsync(1, "I want to cancel my service.");
        Assert.Equal(flagged, update.Degraded.Contains(Degradation.LanguageNotEvaluated));
        Assert.Equal(flagged, update.Risk is null);
        Assert.Equal(flagged, (await call.EndAsync(2)).Peak is null);
    }

    [Fact]
    public async Task ScoringThatThrows_KeepsThePlace_IsFlagged_AndLoggedOnceWithoutText()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Service<CallFactory>().BeforeScoring = seq =>
        {
            if (seq is 0 or 2 or 3 or 5) throw new InvalidOperationException("quotes the secret words");
        };
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, "I want to cancel my service.");
        ScoreUpdate failed = await call.SayAsync(2, "the secret words");
        Assert.Equal([Degradation.NotEvaluated], failed.Degraded);
        Assert.Equal(2u, failed.AsOfSeq);
        Assert.Equal(CancelStage.Requested, failed.CancelStage);
        await call.SendAsync(new CallEvent { Seq = 3, Kind = CallEventKind.Tick });
        Assert.Equal([Degradation.NotEvaluated], (await call.UpdateAsync()).Degraded);
        await call.SendAsync(Say.Interim("the secret words"));
        Assert.Equal([Degradation.NotEvaluated], (await call.UpdateAsync()).Degraded);
        Assert.True((await call.SayAsync(2, "the secret words")).Duplicate);
        Assert.Empty((await call.SayAsync(4, "please")).Degraded);
        CallSummary summary = await call.EndAsync(5);
        Assert.Contains(Degradation.NotEvaluated, summary.Last.Degraded);
        Assert.Equal(Disposition.Cancelled, summary.Disposition);
        Assert.Single(server.Log.Lines, line => line.Contains("NOT_EVALUATED", StringComparison.Ordinal) || line.Contains("keeps its place", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Words_AreInNoLogMetricOrStatus()
    {
        const string secret = "zanzibarcode";
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, $"cancel {secret}");
        await call.SendAsync(Say.Final(9, secret));
        Refused refused = await Refused.ByAsync(call);
        Assert.DoesNotContain(secret, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refused.Metadata.Values, value => value.Contains(secret, StringComparison.Ordinal));
        Assert.DoesNotContain(secret, await server.Ops.GetStringAsync("/metrics").Within(), StringComparison.Ordinal);
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Evidence_SpansAreUtf16UnitsOfTheText()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Explain = true });
        const string text = "Grüße 😀, I want to cancel my service.";
        ScoreUpdate update = await call.SayAsync(1, text);
        Evidence request = Assert.Single(update.Evidence, e => e is { Score: "cancel_intent", BeginChar: > 0 });
        string span = text[(int)request.BeginChar..(int)request.EndChar];
        Assert.Contains("cancel", span, StringComparison.Ordinal);
        Assert.DoesNotContain("😀", span, StringComparison.Ordinal);
        Assert.True(Encoding.UTF8.GetByteCount(text) > text.Length);
    }
}
