namespace RetentionScore.Cli.Learning;

/// <summary>L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) with backtracking; sums in one order, so the result is always the same.</summary>
internal static class Minimiser
{
    private const int Memory = 8;
    private const double EnoughDescent = 1e-4, SmallGradient = 1e-3, SmallGain = 1e-6;

    /// <summary>Value at a point; fills the gradient.</summary>
    public delegate double Function(double[] at, double[] gradient);

    /// <summary>Finds the least point of a convex function of <paramref name="n"/> numbers, from 0.</summary>
    public static double[] Run(Function evaluate, int n, int mostSteps)
    {
        double[] at = new double[n], gradient = new double[n], nextAt = new double[n], nextGradient = new double[n], direction = new double[n];
        var steps = new List<(double[] Step, double[] Change, double Curvature)>(Memory);
        double value = evaluate(at, gradient);
        for (int iteration = 0; iteration < mostSteps; iteration++)
        {
            SetDirection(direction, gradient, steps);
            double slope = Dot(direction, gradient);
            double length = iteration == 0 ? 1 / Math.Max(1, Math.Sqrt(Dot(gradient, gradient))) : 1;
            double nextValue;
            while (true)
            {
                for (int i = 0; i < n; i++) nextAt[i] = at[i] + (length * direction[i]);
                nextValue = evaluate(nextAt, nextGradient);
                if (nextValue <= value + (EnoughDescent * length * slope)) break;
                length *= 0.5;
                if (length < 1e-10) return at;
            }

            var (step, change) = steps.Count == Memory ? (steps[0].Step, steps[0].Change) : (new double[n], new double[n]);
            if (steps.Count == Memory) steps.RemoveAt(0);
            for (int i = 0; i < n; i++) (step[i], change[i]) = (nextAt[i] - at[i], nextGradient[i] - gradient[i]);
            double curvature = Dot(step, change);
            if (curvature > 1e-12) steps.Add((step, change, curvature));
            double gain = value - nextValue;
            (at, nextAt, gradient, nextGradient, value) = (nextAt, at, nextGradient, gradient, nextValue);
            if (gain < SmallGain * Math.Max(1, value) || Math.Sqrt(Dot(gradient, gradient)) < SmallGradient) break;
        }

        return at;
    }

    private static void SetDirection(double[] direction, double[] gradient, List<(double[] Step, double[] Change, double Curvature)> steps)
    {
        Span<double> alphas = stackalloc double[Memory];
        for (int i = 0; i < direction.Length; i++) direction[i] = -gradient[i];
        for (int k = steps.Count - 1; k >= 0; k--)
        {
            alphas[k] = Dot(steps[k].Step, direction) / steps[k].Curvature;
            AddScaled(direction, -alphas[k], steps[k].Change);
        }

        if (steps.Count > 0)
        {
            var (_, change, curvature) = steps[^1];
            double scale = curvature / Dot(change, change);
            for (int i = 0; i < direction.Length; i++) direction[i] *= scale;
        }

        for (int k = 0; k < steps.Count; k++)
            AddScaled(direction, alphas[k] - (Dot(steps[k].Change, direction) / steps[k].Curvature), steps[k].Step);
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static void AddScaled(double[] to, double scale, double[] what)
    {
        for (int i = 0; i < to.Length; i++) to[i] += scale * what[i];
    }
}
