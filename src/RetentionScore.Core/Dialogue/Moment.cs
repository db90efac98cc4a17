using System.Runtime.CompilerServices;

namespace RetentionScore.Core.Dialogue;

/// <summary>A kind of moment worth talking about afterwards.</summary>
internal enum MomentKind : byte
{
    None,
    AcknowledgedAtOnce,
    AcknowledgedInWordsOnly,
    WhyAfterRefusal,
    WhyAskedAgain,
    OfferAfterRefusal,
    SaveOverLimit,
    RequestBlocked,
    RequestPutOff,
    RequestRepeated,
    Interrupted,
    Insulted,
    RefusalRespected,
    Confirmed,
    DoorLeftOpen,
}

/// <summary>The first moments of a call, in order.</summary>
internal struct MomentLog
{
    public const int Most = 12;

    private Items _items;
    private byte _count;

    public readonly int Count => _count;

    public readonly (uint Seq, int AtMs, MomentKind Kind) this[int i] => (_items[i].Seq, _items[i].AtMs, _items[i].Kind);

    public void Add(uint seq, int atMs, MomentKind kind)
    {
        if (_count < Most) _items[_count++] = new Kept { Seq = seq, AtMs = atMs, Kind = kind };
    }

    public readonly bool Has(MomentKind kind)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_items[i].Kind == kind) return true;
        }

        return false;
    }

    /// <summary>SCREAMING_SNAKE_CASE, one line for a person, and whether it is praise.</summary>
    public static (string Kind, string Note, bool Praise) Tell(MomentKind kind) => kind switch
    {
        MomentKind.AcknowledgedAtOnce => ("ACKNOWLEDGED_AT_ONCE", "said yes to the request at once", true),
        MomentKind.AcknowledgedInWordsOnly => ("ACKNOWLEDGED_IN_WORDS_ONLY", "said yes, and then went on holding back", false),
        MomentKind.WhyAfterRefusal => ("WHY_AFTER_REFUSAL", "asked why after the customer had declined to say", false),
        MomentKind.WhyAskedAgain => ("WHY_ASKED_AGAIN", "asked why again after an answer", false),
        MomentKind.OfferAfterRefusal => ("OFFER_AFTER_REFUSAL", "offered again after a no", false),
        MomentKind.SaveOverLimit => ("SAVE_OVER_LIMIT", "tried to save the customer past the limit", false),
        MomentKind.RequestBlocked => ("REQUEST_BLOCKED", "refused the request or made it depend on something", false),
        MomentKind.RequestPutOff => ("REQUEST_PUT_OFF", "put the request off again", false),
        MomentKind.RequestRepeated => ("REQUEST_REPEATED", "the customer had to ask again", false),
        MomentKind.Interrupted => ("INTERRUPTED", "talked over the customer", false),
        MomentKind.Insulted => ("INSULTED", "insulted or mocked the customer", false),
        MomentKind.RefusalRespected => ("REFUSAL_RESPECTED", "took the no for an answer", true),
        MomentKind.Confirmed => ("CONFIRMED", "told the customer that it is done", true),
        MomentKind.DoorLeftOpen => ("DOOR_LEFT_OPEN", "said a good goodbye", true),
        _ => ("", "", false),
    };

    private struct Kept
    {
        public uint Seq;
        public int AtMs;
        public MomentKind Kind;
    }

    [InlineArray(Most)]
    private struct Items
    {
        private Kept _first;
    }
}
