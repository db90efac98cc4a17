namespace RetentionScore.Cli.Replay;

/// <summary>How many times faster than it was spoken a call is played. Immutable.</summary>
internal sealed class Pace
{
    /// <summary>Everything at once.</summary>
    public static readonly Pace Max = new(double.PositiveInfinity);

    /// <summary>Slower, and ticks would come too seldom to keep a stream open.</summary>
    public const double Slowest = 0.25;

    /// <summary>Faster is <see cref="Max"/>.</summary>
    public const double Fastest = 1000;

    private Pace(double speed) => Speed = speed;

    /// <summary>Call time by real time; infinite for <see cref="Max"/>.</summary>
    public double Speed { get; }

    /// <summary>Whether nothing waits.</summary>
    public bool IsMax => double.IsPositiveInfinity(Speed);

    /// <summary>A pace of <see cref="Slowest"/> to <see cref="Fastest"/>.</summary>
    public static Pace Of(double speed) => speed is >= Slowest and <= Fastest
        ? new Pace(speed)
        : throw new ArgumentOutOfRangeException(nameof(speed), speed, $"must be {Slowest} to {Fastest}");

    /// <summary>As it is told on the command line: 7, or max.</summary>
    public override string ToString() => IsMax ? "max" : Speed.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>How long after the start of the call a moment of it comes.</summary>
    public TimeSpan At(int callMs) => IsMax ? TimeSpan.Zero : TimeSpan.FromMilliseconds(callMs / Speed);
}
