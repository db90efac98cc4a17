namespace RetentionScore.Cli.Learning;

/// <summary>
/// What an afternoon's work gives: TF-IDF of words and pairs and of 2 to 5 letters in words, each of length 1, and a logistic regression with
/// penalty 1, on one set alone (the usual settings of scikit-learn); where there is a rule, whether it hits, too. The baseline of every table; nothing of
/// it ships.
/// </summary>
internal sealed class TfidfRegression
{
    private const int MostSteps = 100;
    private readonly Dictionary<string, int> _terms = new(StringComparer.Ordinal);
    private readonly List<double> _inverse = [];
    private readonly double[] _weights;
    private readonly Func<string, double>? _rule;

    /// <summary>Learns from texts.</summary>
    public TfidfRegression(IReadOnlyList<(string Text, bool Positive)> from, Func<string, double>? rule = null)
    {
        _rule = rule;
        var seenIn = new List<int>();
        var counted = new List<Dictionary<int, int>[]>();
        foreach (var (text, _) in from)
        {
            Dictionary<int, int>[] counts = Blocks(text, grow: true);
            foreach (int term in counts.SelectMany(block => block.Keys))
            {
                while (seenIn.Count <= term) seenIn.Add(0);
                seenIn[term]++;
            }

            counted.Add(counts);
        }

        foreach (int seen in seenIn) _inverse.Add(Math.Log((1.0 + from.Count) / (1 + seen)) + 1);
        var rows = counted.Select(Normalise).ToArray();
        _weights = Minimiser.Run(Loss, _terms.Count + 1, MostSteps);

        double Loss(double[] at, double[] gradient)
        {
            double loss = 0;
            for (int i = 0; i < at.Length - 1; i++)
            {
                loss += 0.5 * at[i] * at[i];
                gradient[i] = at[i];
            }

            gradient[^1] = 0;
            for (int r = 0; r < rows.Length; r++)
            {
                double z = Score(rows[r], at), tail = Math.Exp(-Math.Abs(z)), p = z >= 0 ? 1 / (1 + tail) : tail / (1 + tail), y = from[r].Positive ? 1 : 0;
                loss += Math.Max(z, 0) - (y * z) + Math.Log(1 + tail);
                foreach (var (term, value) in rows[r]) gradient[term] += (p - y) * value;
                gradient[^1] += p - y;
            }

            return loss;
        }
    }

    /// <summary>Log-odds of a text.</summary>
    public double LogOdds(string text) => Score(Normalise(Blocks(text, grow: false)), _weights);

    private Dictionary<int, int>[] Blocks(string text, bool grow) => [Count(Words(text), grow), Count(Letters(text), grow), Count(_rule?.Invoke(text) > 0 ? ["rule"] : [], grow)];

    private static double Score((int Term, double Value)[] row, double[] weights)
    {
        double z = weights[^1];
        foreach (var (term, value) in row) z += weights[term] * value;
        return z;
    }

    private (int Term, double Value)[] Normalise(Dictionary<int, int>[] blocks) => [.. blocks.SelectMany(block =>
    {
        double length = Math.Sqrt(block.Sum(item => Math.Pow(item.Value * _inverse[item.Key], 2)));
        return block.Select(item => (item.Key, item.Value * _inverse[item.Key] / length));
    })];

    private Dictionary<int, int> Count(IEnumerable<string> terms, bool grow)
    {
        var counts = new Dictionary<int, int>();
        foreach (string term in terms)
        {
            if (!_terms.TryGetValue(term, out int at))
            {
                if (!grow) continue;
                _terms.Add(term, at = _terms.Count);
            }

            counts[at] = counts.GetValueOrDefault(at) + 1;
        }

        return counts;
    }

    private static IEnumerable<string> Words(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < words.Length; i++)
        {
            yield return "w " + words[i];
            if (i > 0) yield return "w " + words[i - 1] + ' ' + words[i];
        }
    }

    private static IEnumerable<string> Letters(string text)
    {
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string marked = ' ' + word + ' ';
            for (int n = 2; n <= 5; n++)
            {
                for (int i = 0; i + n <= marked.Length; i++) yield return string.Concat("c", marked.AsSpan(i, n));
            }
        }
    }
}
