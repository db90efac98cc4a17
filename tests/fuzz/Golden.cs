using RetentionScore.Fuzz.Inputs;
using RetentionScore.Server.Scoring;
using RetentionScore.V1;

namespace RetentionScore.Fuzz;

/// <summary>Calls whose scores are known: those that the scorer gives in process, without any server.</summary>
internal static class Golden
{
    /// <summary>Null where the server answers every call of the demo with the same bits.</summary>
    internal static async Task<string?> CheckAsync(Seeds seeds, Sender sender, string round)
    {
        var scorer = new TranscriptScorer();
        for (int i = 0; i < seeds.Calls.Count; i++)
        {
            var start = new CallStart { CallId = $"golden-{round}-{i}", ResumeFrom = 1, Explain = true };
            ScoreCallRequest[] said = [.. seeds.Calls[i].Select(Draw.Message), Draw.Message(new CallEnd { Seq = (uint)seeds.Calls[i].Count + 1, AtMs = seeds.Calls[i][^1].EndMs })];
            ScoredTranscript expected = scorer.Score(start, said);
            Answer answer = await sender.SendAsync(new Input("golden", Draw.Call, Frames.Of([Draw.Message(start), .. said])), 0);
            if (answer.Status != Grpc.Core.StatusCode.OK || answer.Payloads is null) return $"golden call {i}: {answer.Told}";
            var updates = answer.Payloads.Select(ScoreCallResponse.Parser.ParseFrom).Where(response => response.Update is not null).Select(response => Bare(response.Update)).ToList();
            if (!updates.SequenceEqual(expected.Updates.Select(Bare))) return $"golden call {i}: other scores than in process";
            if (ScoreCallResponse.Parser.ParseFrom(answer.Payloads[^1]).Summary is not { } summary || summary.Requests != expected.Summary!.Requests)
                return $"golden call {i}: another summary than in process";
        }

        return null;
    }

    /// <summary>Without what depends on when and where it was scored.</summary>
    private static ScoreUpdate Bare(ScoreUpdate update)
    {
        ScoreUpdate bare = update.Clone();
        bare.Latency = null;
        bare.DurableSeq = 0;
        bare.Degraded.Remove(Degradation.NotDurable);
        return bare;
    }
}
