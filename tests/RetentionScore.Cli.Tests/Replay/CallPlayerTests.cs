using System.Collections.Immutable;
using Grpc.Net.Client;
using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Demo;
using RetentionScore.Cli.Replay;
using RetentionScore.V1;

namespace RetentionScore.Cli.Tests.Replay;

public class CallPlayerTests
{
    [Fact]
    public async Task Play_TheServerGoesAwayInTheMiddle_EveryMessageIsAnsweredOnceAndInOrder()
    {
        RunningServer server = await RunningServer.StartAsync();
        int port = new Uri(server.Address).Port;
        using var channel = GrpcChannel.ForAddress(server.Address);
        RecordedCall call = DemoCalls.Load()[0];
        var seqs = new List<uint>();
        var halfway = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var player = new CallPlayer(new ScoringService.ScoringServiceClient(channel), Pace.Of(100));
        var play = new CallPlay(call, "broken.1")
        {
            Scored = (_, update) =>
            {
                seqs.Add(update.Seq);
                if (seqs.Count == 15) halfway.TrySetResult();
            },
        };
        Task<PlayedCall> playing = player.PlayAsync(play, CancellationToken.None);
        await halfway.Task.WaitAsync(Shell.Limit);
        await server.DisposeAsync();
        await using RunningServer second = await RunningServer.StartAsync(port);
        PlayedCall played = await playing.WaitAsync(Shell.Limit);
        Assert.Null(played.Problem);
        Assert.True(played.Breaks > 0);
        Assert.Equal(Enumerable.Range(1, seqs.Count).Select(seq => (uint)seq), seqs);
        Assert.Equal((uint)call.Turns, played.Summary!.Utterances);
    }

    [Fact]
    public void Schedule_Silence_IsFilledWithTicksAndCorrectionsStillMeanTheSameTurn()
    {
        RecordedCall call = Read("""{"id": "c", "turns": [{"speaker": "AGENT", "text": "hi", "start_ms": 0, "end_ms": 1000}, {"speaker": "CUSTOMER", "text": "council it", "start_ms": 15000, "end_ms": 16000}, {"speaker": "CUSTOMER", "text": "cancel it", "start_ms": 15000, "end_ms": 16000, "corrects_seq": 2}]}""");
        ImmutableArray<Due> messages = LiveSchedule.Of(call, 5000).Messages;
        Assert.Equal([1000, 6000, 11000, 16000, 16000, 16000], messages.Select(due => due.DueMs));
        Assert.Equal([CallEventKind.Tick, CallEventKind.Tick], messages[1..3].Select(due => due.Request.Event.Kind));
        Assert.Equal(4u, messages[4].Request.Utterance.CorrectsSeq);
        Assert.Equal(6u, messages[5].Request.End.Seq);
        Assert.Equal(2u, call.Messages[2].Utterance.CorrectsSeq); // the recording itself is not touched
    }

    [Fact]
    public void Schedule_NoTimings_AreBuiltFromTheWords()
    {
        RecordedCall call = Read("""{"id": "c", "turns": [{"speaker": "AGENT", "text": "one two three"}, {"speaker": "CUSTOMER", "text": "four"}]}""");
        ImmutableArray<Due> messages = LiveSchedule.Of(call, 0).Messages;
        Assert.Equal([1990, 3320, 3320], messages.Select(due => due.DueMs));
        Assert.Equal(2590, messages[1].Request.Utterance.StartMs);
    }

    private static RecordedCall Read(string line) => CallLineReader.Read(line).Call!;
}
