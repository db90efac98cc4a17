using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using RetentionScore.V1;

namespace RetentionScore.Cli.Calls;

/// <summary>
/// Reads one line of a call file. The first thing that is wrong is kept and ends the reading; values after it are not looked at. For one line
/// and one thread.
/// </summary>
internal sealed class CallLineReader
{
    private const int MaxIdChars = 128;
    private readonly Dictionary<long, uint> places = [];
    private string where = "";
    private string? problem;

    private CallLineReader()
    {
    }

    /// <summary>A call, or what is wrong with the line.</summary>
    public static (RecordedCall? Call, string? Problem) Read(string line)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(line);
        }
        catch (JsonException broken)
        {
            return (null, string.Create(CultureInfo.InvariantCulture, $"not JSON from byte {broken.BytePositionInLine + 1} on"));
        }

        using (json)
        {
            var reader = new CallLineReader();
            RecordedCall? call = reader.Call(json.RootElement);
            return reader.problem is null ? (call, null) : (null, reader.problem);
        }
    }

    private RecordedCall? Call(JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object) return Wrong<RecordedCall>("the line", line, "an object with id and turns");
        string id = Text(line, "id");
        if (problem is null && (id.Length is 0 or > MaxIdChars || id.Any(c => c is <= ' ' or > '~')))
            Wrong<object>("id", line.GetProperty("id"), $"1 to {MaxIdChars} visible ASCII characters");
        CallContext? context = Context(line);
        Disposition disposition = Name<Disposition>(line, "disposition");
        string language = OptionalText(line, "language"), policy = OptionalText(line, "policy");
        ImmutableArray<ScoreCallRequest> messages = Turns(line);
        return new RecordedCall
        {
            Id = id, Context = context, Language = language, Policy = policy, Disposition = disposition, Labels = Labels(line), Messages = messages,
        };
    }

    private ImmutableArray<ScoreCallRequest> Turns(JsonElement line)
    {
        if (problem is not null) return [];
        if (!line.TryGetProperty("turns", out JsonElement turns)) return Fail<ImmutableArray<ScoreCallRequest>>("turns is missing");
        if (turns.ValueKind != JsonValueKind.Array) return Wrong<ImmutableArray<ScoreCallRequest>>("turns", turns, "a list");
        var messages = ImmutableArray.CreateBuilder<ScoreCallRequest>(turns.GetArrayLength());
        long last = 0;
        foreach (JsonElement turn in turns.EnumerateArray())
        {
            uint place = (uint)messages.Count + 1;
            where = string.Create(CultureInfo.InvariantCulture, $"turn {place}: ");
            if (turn.ValueKind != JsonValueKind.Object) return Wrong<ImmutableArray<ScoreCallRequest>>("it", turn, "an object");
            if (Number(turn, "seq", last + 1, uint.MaxValue) is { } seq) places[last = seq] = place;
            else places.TryAdd(place, place);
            messages.Add(turn.TryGetProperty("event", out _) ? Event(turn, place) : Utterance(turn, place));
            if (problem is not null) return [];
        }

        return messages.MoveToImmutable();
    }

    private ScoreCallRequest Utterance(JsonElement turn, uint place)
    {
        var utterance = new Utterance { Seq = place, Speaker = Name<Speaker>(turn, "speaker", needed: true), Text = Text(turn, "text") };
        if (Number(turn, "start_ms", 0, int.MaxValue) is { } start) utterance.StartMs = (int)start;
        if (Number(turn, "end_ms", utterance.StartMs, int.MaxValue) is { } end) utterance.EndMs = (int)end;
        if (Confidence(turn) is { } confidence) utterance.AsrConfidence = confidence;
        if (Number(turn, "corrects_seq", 1, uint.MaxValue) is { } corrected) utterance.CorrectsSeq = PlaceOf(corrected, place);
        return new ScoreCallRequest { Utterance = utterance };
    }

    private ScoreCallRequest Event(JsonElement turn, uint place)
    {
        var happened = new CallEvent { Seq = place, Kind = Name<CallEventKind>(turn, "event", needed: true) };
        if (Number(turn, "at_ms", 0, int.MaxValue) is { } at) happened.AtMs = (int)at;
        if (turn.TryGetProperty("detail", out _)) happened.Detail = Text(turn, "detail");
        if (Context(turn) is { } context) happened.Context = context;
        return new ScoreCallRequest { Event = happened };
    }

    /// <summary>The file's seq as the place it stands for.</summary>
    private uint PlaceOf(long seq, uint before)
    {
        if (problem is null && places.TryGetValue(seq, out uint place) && place < before) return place;
        return Fail<uint>(string.Create(CultureInfo.InvariantCulture, $"corrects_seq is {seq}, must be the seq of an earlier turn"));
    }

    private CallContext? Context(JsonElement at)
    {
        if (problem is not null || !IsSet(at, "context", out JsonElement context)) return null;
        if (context.ValueKind != JsonValueKind.Object) return Wrong<CallContext>("context", context, "an object");
        try
        {
            return JsonParser.Default.Parse<CallContext>(context.GetRawText());
        }
        catch (Exception refused) when (refused is InvalidProtocolBufferException or InvalidJsonException)
        {
            return Fail<CallContext>($"context: {refused.Message}");
        }
    }

    private float? Confidence(JsonElement turn)
    {
        if (problem is not null || !IsSet(turn, "asr_confidence", out JsonElement value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float confidence) && confidence is >= 0f and <= 1f) return confidence;
        return Wrong<float?>("asr_confidence", value, "a number from 0 to 1");
    }

    private long? Number(JsonElement at, string name, long min, long max)
    {
        if (problem is not null || !IsSet(at, name, out JsonElement value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= min && number <= max) return number;
        return Wrong<long?>(name, value, string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"));
    }

    private string OptionalText(JsonElement at, string name) => problem is null && IsSet(at, name, out _) ? Text(at, name) : "";

    private string Text(JsonElement at, string name)
    {
        if (problem is not null) return "";
        if (!at.TryGetProperty(name, out JsonElement value)) return Fail<string>($"{name} is missing") ?? "";
        if (value.ValueKind != JsonValueKind.String) return Wrong<string>(name, value, "a string") ?? "";
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Fail<string>($"{name} has half of a surrogate pair, must be Unicode") ?? "";
        }
    }

    /// <summary>An enum's value by its name in protos/, in any case, with or without the prefix of its enum.</summary>
    private TEnum Name<TEnum>(JsonElement at, string name, bool needed = false)
        where TEnum : struct, Enum
    {
        if (problem is not null) return default;
        if (!IsSet(at, name, out JsonElement value)) return needed ? Fail<TEnum>($"{name} is missing") : default;
        if (value.ValueKind == JsonValueKind.String && ContractNames.TryParse(value.GetString()!, out TEnum known)) return known;
        return Wrong<TEnum>(name, value, ContractNames.Choice<TEnum>());
    }

    private ImmutableDictionary<string, string> Labels(JsonElement line)
    {
        if (problem is not null || !IsSet(line, "labels", out JsonElement labels) || labels.ValueKind != JsonValueKind.Object)
            return ImmutableDictionary<string, string>.Empty;
        return labels.EnumerateObject().Where(label => label.Value.ValueKind == JsonValueKind.String)
            .DistinctBy(label => label.Name, StringComparer.Ordinal)
            .ToImmutableDictionary(label => label.Name, label => label.Value.GetString()!, StringComparer.Ordinal);
    }

    private static bool IsSet(JsonElement at, string name, out JsonElement value) =>
        at.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private T? Wrong<T>(string name, JsonElement value, string limit)
    {
        string told = value.GetRawText();
        return Fail<T>($"{name} is {(told.Length > 60 ? told[..57] + "…" : told)}, must be {limit}");
    }

    private T? Fail<T>(string what)
    {
        problem ??= where + what;
        return default;
    }
}
