namespace RetentionScore.Server.Calls;

/// <summary>What is kept of a call that has ended and that nobody holds.</summary>
/// <param name="Summary">As bytes of CallSummary.</param>
/// <param name="NextSeq">The seq behind its end.</param>
/// <param name="DurableSeq">How far the journal has it.</param>
/// <param name="Epoch">Of its last claim.</param>
/// <param name="QuietSince">Timestamp of when nobody held it any more.</param>
/// <param name="PolicyVersion">The rules it began with.</param>
/// <param name="ModelVersion">The model it was scored with.</param>
/// <param name="LastUtteranceId">The recogniser's id of its last utterance that had one.</param>
internal readonly record struct EndedCall(byte[] Summary, uint NextSeq, uint DurableSeq, ulong Epoch, long QuietSince, string PolicyVersion, string ModelVersion, string LastUtteranceId);
