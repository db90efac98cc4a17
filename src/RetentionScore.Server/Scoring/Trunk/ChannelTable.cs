namespace RetentionScore.Server.Scoring.Trunk;

/// <summary>
/// The channels of a trunk by number. Low numbers, which are what clients choose, are places of an array; others are looked up. Takes no more memory
/// than twice the calls a trunk may have, whatever numbers a client chooses. For the trunk's loop alone.
/// </summary>
internal sealed class ChannelTable(int maxCalls)
{
    private const int FirstPlaces = 16;

    private readonly uint mostPlaces = (uint)maxCalls * 2;
    private readonly Dictionary<uint, TrunkCall> others = [];
    private TrunkCall?[] places = [];

    /// <summary>What is on a channel; null where nothing was, or nothing is known of it any more.</summary>
    internal TrunkCall? this[uint channel]
    {
        get => channel < (uint)places.Length ? places[channel] : others.GetValueOrDefault(channel);
        set
        {
            if (channel >= mostPlaces)
            {
                // That no call is here any more is forgotten rather than kept for ever.
                if (value is { State: ChannelState.Refused or ChannelState.Ended } && others.Count >= mostPlaces || value is null) others.Remove(channel);
                else others[channel] = value;
                return;
            }

            if (channel >= places.Length)
                Array.Resize(ref places, (int)Math.Min(mostPlaces, Math.Max(FirstPlaces, System.Numerics.BitOperations.RoundUpToPowerOf2(channel + 1))));
            places[channel] = value;
        }
    }

    /// <summary>All that there is.</summary>
    internal IEnumerable<TrunkCall> All => places.Where(call => call is not null).Concat(others.Values)!;
}
