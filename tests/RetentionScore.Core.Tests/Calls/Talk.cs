using System.Text;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;

namespace RetentionScore.Core.Tests.Calls;

/// <summary>A call in a few words, for tests: each line takes three seconds.</summary>
internal sealed class Talk(CallContext? context = null, bool explain = true, RetentionPolicy? policy = null)
{
    private readonly ScoringScratch _scratch = new();
    private uint _seq;

    public CallSession Session { get; } = new(policy ?? RetentionPolicy.Default, context ?? CallContext.Empty, explain: explain);

    public int NowMs { get; private set; }

    public ScoreUpdate Customer(string text, float? confidence = null) => Say(Speaker.Customer, text, confidence);

    public ScoreUpdate Agent(string text) => Say(Speaker.Agent, text, null);

    public ScoreUpdate Say(Speaker speaker, string text, float? confidence = null, int lastsMs = 3000, uint corrects = 0)
    {
        int start = NowMs + 500;
        NowMs = start + lastsMs;
        return Session.Observe(new Utterance
        {
            Seq = ++_seq,
            Speaker = speaker,
            Text = Encoding.UTF8.GetBytes(text),
            StartMs = start,
            EndMs = NowMs,
            AsrConfidence = confidence,
            CorrectsSeq = corrects,
        }, _scratch);
    }

    public ScoreUpdate Event(Dialogue.CallEventKind kind, int afterMs = 0, PromptId prompt = default)
    {
        NowMs += afterMs;
        return Session.Observe(new CallEvent { Seq = ++_seq, AtMs = NowMs, Kind = kind, Prompt = prompt }, _scratch);
    }

    public ScoreUpdate Preview(Speaker speaker, string text) => Session.Preview(new Utterance
    {
        Speaker = speaker,
        Text = Encoding.UTF8.GetBytes(text),
        StartMs = NowMs + 500,
        EndMs = NowMs + 1500,
    }, _scratch);

    public CallSummary End() => Session.End(new CallEnd(++_seq, NowMs + 100, Disposition.Unspecified), _scratch);

    /// <summary>An update as text, bits and all.</summary>
    public static string Print(ScoreUpdate u)
    {
        var r = u.Risk;
        var text = new StringBuilder();
        text.Append(u.Stage).Append(' ').Append(u.Band).Append(' ').Append(u.Degraded).Append(' ').Append(u.Progress).Append(' ');
        foreach (float f in new[] { r.Overall, r.OverallLow, r.OverallHigh, r.CancelIntent, r.Frustration, r.RetentionPressure, r.Escalation, r.Exposure, r.SaveLikelihood, u.Trend })
            text.Append(BitConverter.SingleToInt32Bits(f).ToString("x8", null)).Append(' ');
        foreach (var rec in u.Recommendations) text.Append(rec).Append(';');
        foreach (var e in u.Evidence) text.Append(e).Append(';');
        foreach (var s in u.Signals) text.Append(s).Append(';');
        return text.ToString();
    }
}
