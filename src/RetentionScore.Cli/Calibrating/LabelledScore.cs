using RetentionScore.Core.Risk;

namespace RetentionScore.Cli.Calibrating;

/// <summary>What a score said at a moment of a call, and what came of it.</summary>
/// <param name="Score">Which score.</param>
/// <param name="Call">The call, so that intervals are drawn over calls.</param>
/// <param name="Writer">Who wrote it; empty for a real one.</param>
/// <param name="Mark">Per cent of the call; 0 where it is not told.</param>
/// <param name="LogOdds">What the score said.</param>
/// <param name="Outcome">Whether it came true.</param>
internal readonly record struct LabelledScore(Score Score, string Call, string Writer, int Mark, double LogOdds, bool Outcome);
