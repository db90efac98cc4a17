using System.Runtime.CompilerServices;
using RetentionScore.Core.Dialogue;

namespace RetentionScore.Core.Risk;

/// <summary>Where bands begin.</summary>
/// <param name="Elevated">From here elevated.</param>
/// <param name="High">From here high.</param>
/// <param name="Critical">From here critical.</param>
public readonly record struct BandLines(double Elevated, double High, double Critical);

/// <summary>What a call remembers of its own scores: the band, doubt, the last minute, the peaks. A plain value.</summary>
internal struct ScoreTrack
{
    private const double Hysteresis = 0.08;
    private const int HysteresisMs = 10_000;
    private const int SampleMs = 5_000;
    private const double MostDoubt = 3.0;

    public RiskBand Band;
    public RiskScores Peak;
    private int _lowSinceMs;
    private double _doubt;
    private int _doubtMs;
    private Samples _samples;
    private int _sampleCount;
    private CancelStage _stage;
    private ushort _offersAccepted;

    public static ScoreTrack Start() => new() { Band = RiskBand.Low, _lowSinceMs = -1, _stage = CancelStage.None };

    /// <summary>Log-odds that doubtful recognition may have put in or left out; halves every 90 s.</summary>
    public readonly double Doubt(int nowMs) => _doubt == 0 ? 0 : _doubt * Logistic.Decay(nowMs - _doubtMs, Fold.MoodHalfLifeMs);

    public void AddDoubt(int nowMs, double by)
    {
        _doubt = Math.Min(Doubt(nowMs) + by, MostDoubt);
        _doubtMs = nowMs;
    }

    /// <summary>Moves the band: up at once; down one when 0.08 below for 10 s, at once where the request is settled.</summary>
    public void Move(double overall, in DialogueState s, in BandLines lines)
    {
        bool settled = (s.Stage is CancelStage.Confirmed or CancelStage.Withdrawn && s.Stage != _stage) || s.OffersAccepted > _offersAccepted;
        _stage = s.Stage;
        _offersAccepted = s.OffersAccepted;
        RiskBand band = overall >= lines.Critical ? RiskBand.Critical
            : overall >= lines.High ? RiskBand.High
            : overall >= lines.Elevated ? RiskBand.Elevated : RiskBand.Low;
        if (band >= Band || settled)
        {
            Band = band;
            _lowSinceMs = -1;
            return;
        }

        double line = Band switch { RiskBand.Critical => lines.Critical, RiskBand.High => lines.High, _ => lines.Elevated };
        if (overall > line - Hysteresis) _lowSinceMs = -1;
        else if (_lowSinceMs < 0) _lowSinceMs = s.NowMs;
        else if (s.NowMs - _lowSinceMs >= HysteresisMs)
        {
            Band--;
            _lowSinceMs = -1;
        }
    }

    /// <summary>Change of the score a minute: against the oldest sample of the last minute.</summary>
    public double Trend(int nowMs, double overall)
    {
        Span<Sample> samples = _samples;
        while (_sampleCount > 0 && nowMs - samples[0].AtMs > 60_000)
        {
            samples[1.._sampleCount].CopyTo(samples);
            _sampleCount--;
        }

        double trend = 0;
        if (_sampleCount > 0 && nowMs > samples[0].AtMs) trend = (overall - samples[0].Overall) * 60_000 / Math.Max(nowMs - samples[0].AtMs, 10_000);
        bool due = _sampleCount == 0 || nowMs - samples[_sampleCount - 1].AtMs >= SampleMs;
        if (due && _sampleCount < samples.Length) samples[_sampleCount++] = new Sample { AtMs = nowMs, Overall = (float)overall };
        return trend;
    }

    public void See(in RiskScores now)
    {
        Peak.Overall = Math.Max(Peak.Overall, now.Overall);
        Peak.OverallLow = Math.Max(Peak.OverallLow, now.OverallLow);
        Peak.OverallHigh = Math.Max(Peak.OverallHigh, now.OverallHigh);
        Peak.CancelIntent = Math.Max(Peak.CancelIntent, now.CancelIntent);
        Peak.Frustration = Math.Max(Peak.Frustration, now.Frustration);
        Peak.RetentionPressure = Math.Max(Peak.RetentionPressure, now.RetentionPressure);
        Peak.Escalation = Math.Max(Peak.Escalation, now.Escalation);
        Peak.Exposure = Math.Max(Peak.Exposure, now.Exposure);
        Peak.SaveLikelihood = Math.Max(Peak.SaveLikelihood, now.SaveLikelihood);
    }

    private struct Sample
    {
        public int AtMs;
        public float Overall;
    }

    [InlineArray(13)]
    private struct Samples
    {
        private Sample _first;
    }
}
