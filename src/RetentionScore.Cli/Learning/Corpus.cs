using System.Text.Json;
using RetentionScore.Core;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// Reads the sets that may feed shipped weights. What a set's labels mean in our signals is written here and nowhere else; what a set does not
/// label it teaches nothing about, but as ordinary talk.
/// </summary>
internal static class Corpus
{
    private static readonly string[] TrainAndDev = ["train", "dev"], TrainAndTest = ["train", "test"], AllParts = ["train", "dev", "test"];

    /// <summary>A turn of a set that labels a signal weighs as much as this many of our own: those are ten times as many, and would drown it.</summary>
    private const double OfLabelledSet = 4;

    private static readonly SignalSet Cancels = SignalSet.Of(Signal.CancelRequest, Signal.CancelOther, Signal.CancelHint);
    private static readonly SignalSet Dissatisfied = SignalSet.Of(Signal.Frustration, Signal.Complaint);
    private static readonly SignalSet Social = SignalSet.Of(Signal.Gratitude, Signal.Goodbye, Signal.Affirms, Signal.Denies, Signal.AsksToRepeat);

    /// <summary>Said in any talk: that it is not labelled does not mean that it is not there.</summary>
    private static readonly SignalSet Everyday = Social | SignalSet.Of(Signal.GivesReason, Signal.DeclinesOffer, Signal.AcceptsOffer, Signal.InvitesOffer);

    private static readonly SignalSet EverydayOfAgents = SignalSet.Of(
        Signal.AsksQuestion, Signal.Apology, Signal.Empathy, Signal.Thanks, Signal.Goodbye, Signal.HoldNotice, Signal.TransferNotice, Signal.Boasts, Signal.Verifies,
        Signal.Stalls, Signal.BlocksRequest, Signal.DisclosesTerms, Signal.SaveOffer, Signal.Rebuts, Signal.LeavesDoorOpen);

    /// <summary>All of them.</summary>
    /// <param name="data">The folder of third-party sets.</param>
    /// <param name="labels">The folder of our own labelled turns.</param>
    /// <param name="seed">Which of the ordinary turns are taken.</param>
    public static List<Example> Read(string data, string labels, int seed)
    {
        var all = new List<Example>();
        foreach (var (writer, path) in Directory.EnumerateFiles(Path.Combine(labels, "train"), "*.jsonl").Order(StringComparer.Ordinal).Index())
            all.AddRange(Own(path, "own", SignalReader.BuiltIn.With(null)).Select(example => example with { Writer = writer }));
        all.AddRange(Definitions(Path.Combine(labels, "..", "..", "docs", "labels.md")));
        all.AddRange(Nlupp(data));
        all.AddRange(Xci(data));
        all.AddRange(ConvAbuse(data));
        all.AddRange(P4G(data));
        all.AddRange(Helpdesk(data));
        var ordinary = new Sample(seed);
        all.AddRange(ordinary.Take(MultiDogo(data), 6000));
        all.AddRange(ordinary.Take(Clinc(data), 6000));
        all.AddRange(ordinary.Take(Banking(data), 4000));
        all.AddRange(ordinary.Take(GoEmotions(data), 8000));
        return all;
    }

    /// <summary>Turns labelled by docs/labels.md: every signal of the side is known.</summary>
    /// <param name="path">The file.</param>
    /// <param name="set">What the set is called.</param>
    /// <param name="reader">Hears what was done before each turn.</param>
    public static IEnumerable<Example> Own(string path, string set, SignalReader reader) => Calls(path).SelectMany(call => Conversation.Heard(Turns(call).Select(turn =>
    {
        bool customer = IsCustomer(turn);
        SignalSet positive = SignalSet.Of([.. turn.GetProperty("labels").EnumerateArray().Select(label => Parse(label.GetString()!))]);
        return new Example
        {
            Set = set, Group = Id(call), Speaker = SpeakerOf(turn), Text = TextOf(turn), Positive = positive,
            Negative = (customer ? SignalSet.OfCustomer : SignalSet.OfAgent) - positive,
        };
    }), reader));

    /// <summary>The examples and near misses of docs/labels.md: each tells of one signal.</summary>
    public static IEnumerable<Example> Definitions(string path)
    {
        var signal = Signal.None;
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith('#')) signal = SignalCatalogue.TryParse(line.TrimStart('#', ' '), out Signal named) ? named : Signal.None;
            if (signal == Signal.None || line is not ['+' or '-', ' ', ..]) continue;
            SignalSet said = line[0] == '+' ? SignalSet.Of(signal) : default, notSaid = line[0] == '-' ? SignalSet.Of(signal) : default;
            foreach (Speaker side in new[] { Speaker.Customer, Speaker.Agent })
            {
                if (side == Speaker.Customer ? SignalCatalogue.OfCustomer(signal) : SignalCatalogue.OfAgent(signal))
                    yield return new Example { Set = "definitions", Group = line, Speaker = side, Text = Callerised.Of(line[2..]), Positive = said, Negative = notSaid, Weight = 2 };
            }
        }
    }

    /// <summary>Callers of banks and hotels. "Cancel, close, leave, freeze" is a request or, with what is no relationship, another wish.</summary>
    public static IEnumerable<Example> Nlupp(string data) => Calls(Path.Combine(data, "nlupp", "train.jsonl")).Select(line =>
    {
        string text = line.GetProperty("text").GetString()!;
        HashSet<string> intents = [.. line.GetProperty("labels").EnumerateArray().Select(label => label.GetString()!)];
        var positive = SignalSet.None;
        if (intents.Contains("cancel_close_leave_freeze")) positive |= SignalSet.Of(IsOther(intents, text) ? Signal.CancelOther : Signal.CancelRequest);
        if (intents.Contains("handoff")) positive |= SignalSet.Of(Signal.EscalationRequest);
        if (intents.Contains("end_call")) positive |= SignalSet.Of(Signal.Goodbye);
        if (intents.Contains("thank")) positive |= SignalSet.Of(Signal.Gratitude);
        if (intents.Contains("repeat")) positive |= SignalSet.Of(Signal.AsksToRepeat);
        var labelled = SignalSet.Of(Signal.CancelRequest, Signal.CancelOther, Signal.EscalationRequest, Signal.Goodbye, Signal.Gratitude, Signal.AsksToRepeat);
        return new Example
        {
            Set = "nlupp", Group = "nlupp-" + line.GetProperty("fold").GetInt32(), Speaker = Speaker.Customer, Text = Callerised.Of(text), Weight = OfLabelledSet, Positive = positive,
            Negative = labelled - positive, Weak = SignalSet.OfCustomer - labelled - Everyday - Dissatisfied - Cancels,
        };
    });

    /// <summary>Tweets: a complaint or not.</summary>
    public static IEnumerable<Example> Xci(string data) => Calls(Path.Combine(data, "xci_complaints", "train.jsonl")).Select(line =>
    {
        var complaint = SignalSet.Of(Signal.Complaint);
        bool is_ = line.GetProperty("label").GetString() == "complaint";
        return new Example
        {
            Set = "xci", Group = Id(line), Speaker = Speaker.Customer, Text = Callerised.Of(line.GetProperty("text").GetString()!), Weight = OfLabelledSet,
            Positive = is_ ? complaint : default, Negative = is_ ? default : complaint,
            Weak = SignalSet.Of(Signal.WithdrawsCancel, Signal.DeclinesReason, Signal.LifeEvent, Signal.AcceptsOffer, Signal.RecordingNotice),
        };
    });

    /// <summary>Users talking to assistants: abuse or not.</summary>
    public static IEnumerable<Example> ConvAbuse(string data) => TrainAndDev.SelectMany(part => Calls(Path.Combine(data, "convabuse", part + ".jsonl"))).Select(line =>
    {
        var abuse = SignalSet.Of(Signal.Abuse);
        bool abusive = line.GetProperty("label").GetString() == "abusive";
        return new Example
        {
            Set = "convabuse", Group = Id(line), Speaker = Speaker.Customer, Text = Callerised.Of(line.GetProperty("text").GetString()!), Weight = OfLabelledSet,
            Positive = abusive ? abuse : default, Negative = abusive ? default : abuse,
            Weak = abusive ? default : Cancels | SignalSet.Of(Signal.PublicThreat, Signal.LegalThreat, Signal.RecordingNotice, Signal.RepeatContact, Signal.EscalationRequest),
        };
    });

    /// <summary>One person asks another for a donation; turning it down is a refusal of an offer.</summary>
    public static IEnumerable<Example> P4G(string data) => TrainAndDev
        .SelectMany(part => Calls(Path.Combine(data, "persuasion_resistance", $"p4g_{part}.jsonl"))).SelectMany(call => Turns(call).Select(turn => P4GTurn(call, turn)));

    /// <summary>Help desks: how content 19 readers thought the customer at the end, known for the call and laid upon each of his turns.</summary>
    public static IEnumerable<Example> Helpdesk(string data) => TrainAndDev
        .SelectMany(part => Calls(Path.Combine(data, "stc3_helpdesk", part + ".jsonl"))).SelectMany(call => Turns(call).Select(turn => HelpdeskTurn(call, turn)));

    /// <summary>The lines of a file as JSON.</summary>
    public static IEnumerable<JsonElement> Calls(string path)
    {
        foreach (string line in File.ReadLines(path))
        {
            using var json = JsonDocument.Parse(line);
            yield return json.RootElement.Clone();
        }
    }

    /// <summary>The turns of a call.</summary>
    public static IEnumerable<JsonElement> Turns(JsonElement call) => call.GetProperty("turns").EnumerateArray();

    /// <summary>Who speaks.</summary>
    public static Speaker SpeakerOf(JsonElement turn) => IsCustomer(turn) ? Speaker.Customer : Speaker.Agent;

    /// <summary>Whether what is asked to be cancelled is not the relationship, by the labels beside it.</summary>
    public static bool IsOther(IReadOnlySet<string> intents, string text) =>
        intents.Overlaps(OtherThings) || OtherWords.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static readonly string[] OtherThings =
    [
        "booking", "appointment", "restaurant", "spa", "room_service", "card", "debit", "contactless", "lost_stolen", "direct_debit", "standing_order",
        "transfer_payment_deposit", "overdraft",
    ];

    private static readonly string[] OtherWords = ["freeze", "payment", "transaction", "leave the room"];

    private static Example P4GTurn(JsonElement call, JsonElement turn)
    {
        var acts = turn.GetProperty("labels").EnumerateObject().Select(label => label.Value.GetString()!).ToHashSet(StringComparer.Ordinal);
        string written = turn.GetProperty("text").GetString()!;
        var example = new Example { Set = "p4g", Group = Id(call), Speaker = SpeakerOf(turn), Text = TextOf(turn), Weight = OfLabelledSet };
        SignalSet positive = default, labelled;
        if (example.Speaker == Speaker.Customer)
        {
            labelled = SignalSet.Of(Signal.DeclinesOffer, Signal.Gratitude);
            if (IsDeclining(acts)) positive |= SignalSet.Of(Signal.DeclinesOffer);
            if (acts.Contains("thank")) positive |= SignalSet.Of(Signal.Gratitude);
            return example with { Positive = positive, Negative = labelled - positive, Weak = SignalSet.OfCustomer - labelled - Everyday - Dissatisfied };
        }

        labelled = SignalSet.Of(Signal.AsksQuestion, Signal.Thanks);
        if (written.Contains('?', StringComparison.Ordinal)) positive |= SignalSet.Of(Signal.AsksQuestion);
        if (acts.Contains("thank")) positive |= SignalSet.Of(Signal.Thanks);
        return example with { Positive = positive, Negative = labelled - positive, Weak = SignalSet.OfAgent - labelled - EverydayOfAgents, Weight = 0.5 * OfLabelledSet };
    }

    /// <summary>The acts that decline.</summary>
    public static bool IsDeclining(IReadOnlySet<string> acts) => acts.Overlaps(["disagree-donation", "negative-reaction-to-donation", "direct-rejection"]);

    private static Example HelpdeskTurn(JsonElement call, JsonElement turn)
    {
        bool dissatisfied = IsDissatisfied(call);
        string written = turn.GetProperty("text").GetString()!;
        var example = new Example { Set = "stc3", Group = Id(call), Speaker = SpeakerOf(turn), Text = TextOf(turn), Weight = OfLabelledSet };
        if (example.Speaker == Speaker.Customer)
        {
            var frustration = SignalSet.Of(Signal.Frustration);
            return example with
            {
                Positive = dissatisfied ? frustration : default, Negative = dissatisfied ? default : frustration,
                Weak = SignalSet.Of(Signal.WithdrawsCancel, Signal.DeclinesReason, Signal.LifeEvent, Signal.RecordingNotice, Signal.AcceptsOffer),
            };
        }

        var asks = SignalSet.Of(Signal.AsksQuestion);
        bool question = written.Contains('?', StringComparison.Ordinal);
        return example with
        {
            Positive = question ? asks : default, Negative = question ? default : asks, Weak = SignalSet.OfAgent - asks - EverydayOfAgents, Weight = 0.3 * OfLabelledSet,
        };
    }

    /// <summary>Whether readers thought the customer dissatisfied.</summary>
    public static bool IsDissatisfied(JsonElement call) => call.GetProperty("labels").GetProperty("satisfaction_class").GetString() == "dissatisfied";

    private static IEnumerable<Example> MultiDogo(string data) => Calls(Path.Combine(data, "multidogo", "dev.jsonl")).SelectMany(call => Turns(call).Where(IsCustomer).Select(turn =>
    {
        SignalSet positive = default;
        foreach (JsonElement intent in turn.GetProperty("labels").TryGetProperty("intent", out JsonElement intents) ? intents.EnumerateArray() : [])
        {
            positive |= intent.GetString() switch
            {
                "thankyou" => SignalSet.Of(Signal.Gratitude),
                "closinggreeting" => SignalSet.Of(Signal.Goodbye),
                "cancelserviceintent" or "closeaccount" => SignalSet.Of(Signal.CancelRequest),
                _ => default,
            };
        }

        return new Example
        {
            Set = "multidogo", Group = Id(call), Speaker = Speaker.Customer, Text = TextOf(turn), Positive = positive, Weight = 0.3,
            Weak = SignalSet.OfCustomer - positive - (Everyday - SignalSet.Of(Signal.Gratitude)) - SignalSet.Of(Signal.Complaint),
        };
    }));

    private static IEnumerable<Example> Clinc(string data) => AllParts.SelectMany(part => Intents(data, "clinc150", part)).Select(item => Ordinary("clinc150", item, item.Label switch
    {
        "thank_you" => SignalSet.Of(Signal.Gratitude),
        "goodbye" => SignalSet.Of(Signal.Goodbye),
        "repeat" => SignalSet.Of(Signal.AsksToRepeat),
        "cancel_reservation" or "freeze_account" => SignalSet.Of(Signal.CancelOther),
        _ => default,
    }, item.Label is "cancel" or "account_blocked" or "report_lost_card" or "report_fraud" ? Cancels : default));

    private static IEnumerable<Example> Banking(string data) => TrainAndTest.SelectMany(part => Intents(data, "banking77", part)).Select(item => Ordinary("banking77", item, item.Label switch
    {
        "cancel_transfer" => SignalSet.Of(Signal.CancelOther),
        "terminate_account" => SignalSet.Of(Signal.CancelRequest),
        _ => default,
    }, item.Label.Contains("lost", StringComparison.Ordinal) || item.Label.Contains("compromised", StringComparison.Ordinal) ? Cancels : default));

    private static IEnumerable<Example> GoEmotions(string data) => Calls(Path.Combine(data, "goemotions", "train.jsonl")).Select((line, i) =>
    {
        var emotions = line.GetProperty("labels").EnumerateArray().Select(label => label.GetString()!).ToHashSet(StringComparer.Ordinal);
        var thanks = SignalSet.Of(Signal.Gratitude);
        bool upset = emotions.Overlaps(["anger", "annoyance", "disgust", "disappointment", "disapproval"]);
        return new Example
        {
            Set = "goemotions", Group = $"goemotions-{i}", Speaker = Speaker.Customer, Text = Callerised.Of(line.GetProperty("text").GetString()!), Weight = 0.3,
            Positive = emotions.Contains("gratitude") ? thanks : default, Negative = emotions.Contains("gratitude") ? default : thanks,
            Weak = SignalSet.OfCustomer - Everyday - Dissatisfied - SignalSet.Of(Signal.Abuse, Signal.LifeEvent) | (upset ? default : Dissatisfied | SignalSet.Of(Signal.Abuse)),
        };
    });

    private static Example Ordinary(string set, (string Text, string Label) item, SignalSet positive, SignalSet unknown) => new()
    {
        Set = set, Group = item.Text, Speaker = Speaker.Customer, Text = Callerised.Of(item.Text), Positive = positive, Weight = 0.3,
        Weak = SignalSet.OfCustomer - positive - (Everyday - SignalSet.Of(Signal.Gratitude, Signal.Goodbye)) - unknown - SignalSet.Of(Signal.Complaint),
    };

    private static IEnumerable<(string Text, string Label)> Intents(string data, string set, string part) =>
        Calls(Path.Combine(data, set, part + ".jsonl")).Select(line => (line.GetProperty("text").GetString()!, line.GetProperty("label").GetString()!));

    private static Signal Parse(string name) => SignalCatalogue.TryParse(name, out Signal signal) ? signal : throw new FormatException($"unknown signal '{name}'");

    private static bool IsCustomer(JsonElement turn) => turn.GetProperty("speaker").GetString() == "CUSTOMER";

    private static string Id(JsonElement call) => call.GetProperty("id").GetString()!;

    private static string TextOf(JsonElement turn) => Callerised.Of(turn.GetProperty("text").GetString()!);

    /// <summary>Draws without replacement, by a number that is the same on every machine.</summary>
    private sealed class Sample(int seed)
    {
        public IEnumerable<Example> Take(IEnumerable<Example> from, int count) =>
            from.Select((example, i) => (example, Order: Drawing.Number(seed, example.Set, i))).OrderBy(item => item.Order).Take(count).Select(item => item.example);
    }
}
