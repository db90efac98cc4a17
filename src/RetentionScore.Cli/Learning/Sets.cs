using RetentionScore.Core;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>What is measured on which set.</summary>
internal static class Sets
{
    private const double None = double.NaN;
    private static readonly string[] Parts = ["train", "dev"];

    /// <summary>The names, in the order of the table.</summary>
    public static readonly string[] Names = ["nlupp", "xci", "convabuse", "stc3", "p4g", "bt_oasis", "uss", "heldout", "calls", "written", "real"];

    /// <summary>Whether the weights learn from a set, so that it is measured by cross-validation.</summary>
    public static bool IsLearnedFrom(string set) => set is "nlupp" or "xci" or "convabuse" or "stc3" or "p4g";

    /// <summary>The tasks of a set.</summary>
    public static IEnumerable<Measured> Of(string set, string data, string labels) => set switch
    {
        "nlupp" => Nlupp(data),
        "xci" => [FromExamples("xci", "complaint", Signal.Complaint, Corpus.Xci(data), 10, (0.89, None))],
        "convabuse" => [FromExamples("convabuse", "abuse", Signal.Abuse, Corpus.ConvAbuse(data), 10, (0.955, 0.82))],
        "p4g" => [FromExamples("p4g", "declining", Signal.DeclinesOffer, Corpus.P4G(data).Where(e => e.Speaker == Speaker.Customer), 10, (0.87, None))],
        "bt_oasis" => Oasis(data),
        "heldout" => HeldOut(labels),
        _ => [],
    };

    /// <summary>The tasks of a set that are heard as dialogues.</summary>
    public static IEnumerable<HeardTask> Heard(string set, string data) => set switch
    {
        "stc3" => [Helpdesk(data)],
        "uss" => Uss.Select(part => Satisfaction(data, part)),
        _ => [],
    };

    private static readonly string[] Uss = ["sgd", "mwoz", "redial", "ccpe"];

    private static HeardTask Helpdesk(string data) => new(
        "stc3", "dissatisfied at the end", Core.Risk.Score.Frustration, Signal.Frustration,
        [.. Parts.SelectMany(part => Corpus.Calls(Path.Combine(data, "stc3_helpdesk", part + ".jsonl"))).Select(call =>
        {
            var turns = Corpus.Turns(call).Select(turn => new HeardTask.Turn(Corpus.SpeakerOf(turn), Callerised.Of(turn.GetProperty("text").GetString()!), null)).ToArray();
            turns[^1] = turns[^1] with { Holds = Corpus.IsDissatisfied(call) };
            return new HeardTask.Call(call.GetProperty("id").GetString()!, turns, WholeText: true);
        })], 10, 10, 0.85);

    private static HeardTask Satisfaction(string data, string which) => new(
        "uss", which + ": dissatisfied turns", Core.Risk.Score.Frustration, Signal.Frustration,
        [.. Parts.SelectMany(part => Corpus.Calls(Path.Combine(data, "uss", $"{which}_{part}.jsonl"))).Select(call => new HeardTask.Call(
            call.GetProperty("id").GetString()!,
            [.. Corpus.Turns(call).Select(turn => new HeardTask.Turn(
                Corpus.SpeakerOf(turn), Callerised.Of(turn.GetProperty("text").GetString()!), Label(turn, "satisfaction_class") is { Length: > 0 } known ? known == "dissatisfied" : null))],
            WholeText: false))], 0, 5, None);

    private static Measured FromExamples(string set, string name, Signal signal, IEnumerable<Example> examples, int parts, (double, double) bars) =>
        new(set, name, [signal], Signal.None, [.. examples.Select(e => new Measured.Item(e.Text, e.Speaker, e.Positive.Has(signal), e.Group))], parts, bars);

    private static IEnumerable<Measured> Nlupp(string data)
    {
        const int folds = 15;
        Example[] examples = [.. Corpus.Nlupp(data)];
        var cancels = SignalSet.Of(Signal.CancelRequest, Signal.CancelOther);
        yield return new Measured("nlupp", "any cancel", [Signal.CancelRequest, Signal.CancelOther], Signal.None,
            [.. examples.Select(e => new Measured.Item(e.Text, e.Speaker, (e.Positive.Bits & cancels.Bits) != 0, e.Group))], folds, (0.975, 0.87));
        yield return new Measured("nlupp", "request against other", [Signal.CancelRequest], Signal.CancelOther,
            [.. examples.Where(e => (e.Positive.Bits & cancels.Bits) != 0).Select(e => new Measured.Item(e.Text, e.Speaker, e.Positive.Has(Signal.CancelRequest), e.Group))], folds, (0.87, None));
        yield return FromExamples("nlupp", "handoff", Signal.EscalationRequest, examples, folds, (0.991, 0.87));
    }

    private static IEnumerable<Measured> Oasis(string data)
    {
        var turns = Parts.SelectMany(part => Corpus.Calls(Path.Combine(data, "bt_oasis", part + ".jsonl"))).SelectMany(call => Corpus.Turns(call)
            .Select(turn => (Turn: turn, Group: call.GetProperty("id").GetString()!))).Where(item => Corpus.SpeakerOf(item.Turn) == Speaker.Agent)
            .Select(item => (Text: Callerised.Of(item.Turn.GetProperty("text").GetString()!), item.Group, Act: Label(item.Turn, "act"), Form: Label(item.Turn, "form"))).ToArray();
        Measured Task(string name, Signal signal, Func<string, string, bool> is_, double bar) => new("bt_oasis", name, [signal], Signal.None,
            [.. turns.Select(turn => new Measured.Item(turn.Text, Speaker.Agent, is_(turn.Act, turn.Form), turn.Group))], 0, (None, bar)) { BaselineParts = 10 };
        yield return Task("thanks", Signal.Thanks, (act, _) => act is "thank", 0.96);
        yield return Task("goodbye", Signal.Goodbye, (act, _) => act is "bye", 0.95);
        yield return Task("hold_notice", Signal.HoldNotice, (act, _) => act is "hold" or "informIntent-hold", 0.90);
        yield return Task("apology", Signal.Apology, (act, _) => act is "expressRegret", 0.80);
        yield return Task("asks_question", Signal.AsksQuestion, (act, form) => form.StartsWith("q_", StringComparison.Ordinal) || act is "reqInfo", 0.82);
    }

    private static IEnumerable<Measured> HeldOut(string labels)
    {
        Example[] examples = [.. Corpus.Own(Path.Combine(labels, "heldout.jsonl"), "heldout", SignalReader.BuiltIn)];
        Example[] learned = [.. Directory.EnumerateFiles(Path.Combine(labels, "train"), "*.jsonl").Order(StringComparer.Ordinal).SelectMany(path => Corpus.Own(path, "own", SignalReader.BuiltIn.With(null)))];
        for (Signal signal = Signal.CancelRequest; signal < Signal.AsksIfCancel; signal++)
        {
            Signal said = signal;
            // What both sides may say is one signal: "you're breaking up" from either.
            bool CanSay(Example example) => example.Speaker == Speaker.Customer ? SignalCatalogue.OfCustomer(said) : SignalCatalogue.OfAgent(said);
            yield return new Measured("heldout", SignalCatalogue.Name(signal), [signal], Signal.None,
                [.. examples.Where(CanSay).Select(e => new Measured.Item(e.Text, e.Speaker, e.Positive.Has(said), e.Group, e.Before))], 0, (None, None))
            {
                BaselineFrom = [.. learned.Where(CanSay).Select(e => (e.Text, e.Positive.Has(said)))],
            };
        }
    }

    private static string Label(System.Text.Json.JsonElement turn, string name) =>
        turn.GetProperty("labels").TryGetProperty(name, out var label) ? label.GetString() ?? "" : "";
}
