using Grpc.Core;
using RetentionScore.V1;

namespace RetentionScore.Fuzz;

/// <summary>What must come back, where one thing is known to be wrong; where nothing is said, the rules of <see cref="Verdict"/> hold alone.</summary>
internal sealed record Expected
{
    /// <summary>The status.</summary>
    public StatusCode? Status { get; init; }

    /// <summary>ErrorInfo.field.</summary>
    public string? Field { get; init; }

    /// <summary>A flag of the update with <see cref="FlagSeq"/>.</summary>
    public Degradation? Flag { get; init; }

    /// <summary>Which update is flagged.</summary>
    public uint FlagSeq { get; init; }

    /// <summary>How many updates.</summary>
    public int? Updates { get; init; }
}

/// <summary>One request as it goes over the wire.</summary>
/// <param name="Kind">For the table.</param>
/// <param name="Path">Of the method.</param>
/// <param name="Body">Frames, or what should be.</param>
internal sealed record Input(string Kind, string Path, byte[] Body)
{
    /// <summary>Besides those of every gRPC call.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>What a gRPC client would say, unless the input is about that.</summary>
    public string ContentType { get; init; } = "application/grpc";

    /// <summary>What must come back.</summary>
    public Expected Expected { get; init; } = new();

    /// <summary>Not even the frames are whole, so the stack may answer for itself.</summary>
    public bool IsBrokenFrame { get; init; }

    /// <summary>HTTP may refuse it before gRPC sees it, with the connection if it must.</summary>
    public bool IsRough { get; init; }

    /// <summary>The client leaves as soon as the headers of the answer are there.</summary>
    public bool IsAbandoned { get; init; }
}
