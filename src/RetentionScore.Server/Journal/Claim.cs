using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Journal;

/// <summary>What a claim asks for.</summary>
internal enum ClaimMode
{
    /// <summary>A call that must not live: resume_from 0.</summary>
    New,
    /// <summary>Any: resume_from 1.</summary>
    CreateOrAttach,
    /// <summary>A call that must be there: resume_from above 1.</summary>
    Attach,
    /// <summary>A call that was opened while the journal could not be reached: it takes the place of what the journal has.</summary>
    Adopt,
}

/// <summary>A claim on a call.</summary>
/// <param name="Key">Whose call.</param>
/// <param name="Mode">What must hold.</param>
/// <param name="Attempt">Rises with every start.</param>
/// <param name="NewCallNo">Its number where it is created.</param>
/// <param name="Opening">How it is opened where it is created.</param>
internal readonly record struct Claim(CallKey Key, ClaimMode Mode, ulong Attempt, long NewCallNo, CallOpening Opening);

/// <summary>How a call was opened: all that its messages do not say.</summary>
/// <param name="Start">The start, as bytes of CallStart.</param>
/// <param name="CustomerId">For erasure; null where it is not known.</param>
/// <param name="PolicyVersion">The rules it began with.</param>
/// <param name="ModelVersion">The weights it began with.</param>
/// <param name="OpenedUnixMs">When.</param>
internal sealed record CallOpening(byte[] Start, string? CustomerId, string PolicyVersion, string ModelVersion, long OpenedUnixMs);

/// <summary>What a claim came to.</summary>
internal enum ClaimResult
{
    /// <summary>The call is new and ours.</summary>
    Created,
    /// <summary>The call was there and is ours now; or it has ended.</summary>
    Attached,
    /// <summary>It is not there.</summary>
    Missing,
    /// <summary>It lives, and must not.</summary>
    Exists,
    /// <summary>A stream with the same or a higher attempt holds it.</summary>
    Lower,
}

/// <summary>What a claim came to.</summary>
/// <param name="Result">What.</param>
/// <param name="CallNo">The call's number.</param>
/// <param name="Epoch">Of the claim, where it is one.</param>
/// <param name="Stored">Of an attached call.</param>
/// <param name="HeldAttempt">With Lower: the holder's.</param>
internal readonly record struct ClaimOutcome(ClaimResult Result, long CallNo, ulong Epoch, StoredCall? Stored, ulong HeldAttempt);

/// <summary>A call whose owner is gone, claimed to be ended.</summary>
/// <param name="Key">Whose call.</param>
/// <param name="Attempt">As it was.</param>
/// <param name="Outcome">What a claim with <see cref="ClaimResult.Attached"/> comes to.</param>
internal sealed record OrphanedCall(CallKey Key, ulong Attempt, ClaimOutcome Outcome);

/// <summary>A call as the journal has it.</summary>
/// <param name="Opening">How it was opened.</param>
/// <param name="Records">Its records in the order they were written, in pieces.</param>
/// <param name="Words">The last words of both sides.</param>
/// <param name="Summary">Of an ended call; null while it lives.</param>
internal sealed record StoredCall(CallOpening Opening, IReadOnlyList<byte[]> Records, LastWords Words, byte[]? Summary);
