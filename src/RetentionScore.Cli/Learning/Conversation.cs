using System.Text;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>Turns of one call in their order, heard as the product hears a transcript: what was done before each of them.</summary>
internal static class Conversation
{
    /// <summary>The same examples with <see cref="Example.Before"/>.</summary>
    /// <param name="turns">All turns of a call.</param>
    /// <param name="reader">Who reads what was done; phrases alone in training, so that weights do not depend on former weights.</param>
    public static IEnumerable<Example> Heard(IEnumerable<Example> turns, SignalReader reader)
    {
        var session = new CallSession(RetentionPolicy.Default, new CallContext(), reader);
        var scratch = new ScoringScratch();
        var clock = default(EstimatedClock);
        uint seq = 0;
        foreach (Example turn in turns)
        {
            yield return turn with { Before = session.ActsBefore(turn.Speaker) };
            byte[] text = Encoding.UTF8.GetBytes(turn.Text);
            var (start, end) = clock.Next(turn.Text.Count(c => c == ' ') + 1);
            session.Observe(new Utterance { Seq = ++seq, Speaker = turn.Speaker, Text = text, StartMs = start, EndMs = end, TimingsEstimated = true }, scratch);
        }
    }
}
