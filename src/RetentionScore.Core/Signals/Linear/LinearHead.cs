namespace RetentionScore.Core.Signals.Linear;

/// <summary>One signal of the learned model.</summary>
/// <param name="Signal">Which.</param>
/// <param name="Bias">Log-odds of an utterance of which nothing is known.</param>
/// <param name="WordScale">Log-odds of one unit of the summed rows of words, before the root of the count.</param>
/// <param name="DirectScale">Log-odds of one unit of the rows of phrases and length.</param>
/// <param name="Slope">Calibration: factor of all of the above.</param>
/// <param name="Offset">Calibration: log-odds added after that.</param>
/// <param name="Windowed">Whether a long utterance is read in windows, the best of which counts.</param>
internal readonly record struct LinearHead(Signal Signal, double Bias, double WordScale, double DirectScale, double Slope, double Offset, bool Windowed);
