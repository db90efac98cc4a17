namespace RetentionScore.Fuzz.Inputs;

/// <summary>All kinds of input, and how many of a hundred of each there are.</summary>
internal sealed class Kinds(Seeds seeds, int seed)
{
    private static readonly (int Percent, Func<Draw, Input> Make)[] All =
    [
        (20, CallInputs.Conversation),
        (10, CallInputs.Order),
        (10, CallInputs.RandomBytes),
        (9, CallInputs.Members),
        (8, CallInputs.Enums),
        (8, CallInputs.Numbers),
        (6, CallInputs.InvalidUtf8),
        (4, CallInputs.Sizes),
        (6, CallInputs.BrokenFrames),
        (2, CallInputs.Abandoned),
        (5, OtherInputs.Transcript),
        (4, OtherInputs.Trunk),
        (3, OtherInputs.Unary),
        (2, OtherInputs.Reflection),
        (3, OtherInputs.Metadata),
    ];

    /// <summary>The input of a number; the same for the same seed.</summary>
    internal Input Of(int index)
    {
        var draw = new Draw(seeds, seed, index);
        // Dear to send: few of them.
        if (index % 1000 == 999) return CallInputs.ManyTiny(draw);
        if (index % 1000 == 499) return OtherInputs.HugeMetadata(draw);
        int percent = draw.Below(100);
        foreach ((int share, Func<Draw, Input> make) in All)
        {
            if (percent < share) return make(draw);
            percent -= share;
        }

        throw new InvalidOperationException("the shares do not add up to a hundred");
    }
}
