using RetentionScore.LoadTests.Loop;
using RetentionScore.LoadTests.Wire;

namespace RetentionScore.LoadTests.Carriers;

/// <summary>How calls travel: each on a stream of its own, or many on a trunk. For the loop's thread.</summary>
internal interface ICarrier
{
    /// <summary>Its connections. Those that are over are taken out by the loop.</summary>
    List<Http2Connection> Connections { get; }

    /// <summary>Opens a call with its first message, a ScoreCallRequest.</summary>
    void Start(Lane lane, ReadOnlySpan<byte> start);

    /// <summary>Sends a further message of the call.</summary>
    void Send(Lane lane, ReadOnlySpan<byte> request, bool isLast);

    /// <summary>Everything that was due has been sent: lets go of what waits for company.</summary>
    void Flush();

    /// <summary>Cuts every connection without a word; those who were on them are not told.</summary>
    void Cut();
}
