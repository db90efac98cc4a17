using System.Collections.Immutable;

namespace RetentionScore.Core.Risk;

/// <summary>What the numbers of a score rest on. Values are those of the wire contract.</summary>
public enum CalibrationBasis : byte
{
    /// <summary>Labels that others made of real talk.</summary>
    Measured = 1,
    /// <summary>Calls written for the purpose, read by others than the writer.</summary>
    WrittenCalls = 2,
    /// <summary>No labels: an ordering.</summary>
    Expert = 3,
}

/// <summary>Two numbers that turn a score's sum of log-odds into the log-odds that are told: scale × sum + offset (Platt 1999).</summary>
/// <param name="Scale">Above 0; contributions are scaled with it.</param>
/// <param name="Offset">Part of "prior".</param>
/// <param name="Basis">What they were fitted on.</param>
/// <param name="Data">The labels, in a line; empty for none.</param>
/// <param name="Count">How many labels.</param>
public sealed record Platt(double Scale, double Offset, CalibrationBasis Basis, string Data, int Count)
{
    /// <summary>The sum as it is.</summary>
    public static readonly Platt None = new(1, 0, CalibrationBasis.Expert, "", 0);
}

/// <summary>The calibration of every score. Immutable.</summary>
public sealed class Calibration
{
    private readonly ImmutableArray<Platt> _scores;

    /// <summary>One for each score, in the order of <see cref="Score"/>.</summary>
    /// <exception cref="ArgumentException">Another number of them, or a scale that is not above 0.</exception>
    public Calibration(ImmutableArray<Platt> scores)
    {
        if (scores.Length != RiskModel.All.Length) throw new ArgumentException($"{scores.Length} calibrations, {RiskModel.All.Length} scores", nameof(scores));
        foreach (Platt one in scores)
        {
            if (!(one.Scale > 0) || !double.IsFinite(one.Scale) || !double.IsFinite(one.Offset)) throw new ArgumentException("a scale must be above 0", nameof(scores));
        }

        _scores = scores;
    }

    /// <summary>
    /// The one that is shipped. Nothing was fitted: of two scores others' labels say that they mean what they say as they are, in the mean and with a slope whose interval holds 1
    /// (docs/model-card.md); the rest stay an ordering.
    /// </summary>
    public static Calibration Shipped { get; } = new Calibration([.. RiskModel.All.Select(_ => Platt.None)])
        .With(Score.CancelIntent, new Platt(1, 0, CalibrationBasis.Measured, "120 real calls (BT OASIS), read by two language models", 120))
        .With(Score.Frustration, new Platt(1, 0, CalibrationBasis.Measured, "stc3 (CC BY 4.0), 19 annotators; 120 real calls (BT OASIS), read by two language models", 1620));

    /// <summary>Of one score.</summary>
    public Platt this[Score score] => _scores[(int)score];

    /// <summary>Names these numbers: part of a policy's version, so that a call says by which it was scored.</summary>
    public uint Fingerprint
    {
        get
        {
            ulong hash = Text.Fnv.Offset;
            foreach (Platt one in _scores)
            {
                foreach (double number in (double[])[one.Scale, one.Offset])
                {
                    long bits = BitConverter.DoubleToInt64Bits(number);
                    for (int i = 0; i < 64; i += 8) hash = Text.Fnv.Add(hash, (byte)(bits >> i));
                }
            }

            return (uint)(hash >> 32);
        }
    }

    /// <summary>The same with another for one score.</summary>
    public Calibration With(Score score, Platt platt) => new(_scores.SetItem((int)score, platt));
}
