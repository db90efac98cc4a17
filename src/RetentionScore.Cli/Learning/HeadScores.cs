using System.Text;
using RetentionScore.Core;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;
using RetentionScore.Core.Text;

namespace RetentionScore.Cli.Learning;

/// <summary>Reads utterances as the product does, and keeps the log-odds of the learned model beside the probabilities. Not thread-safe.</summary>
internal sealed class HeadScores
{
    private readonly ReaderScratch _work = new();

    /// <summary>What the last utterance was read to say.</summary>
    public SignalReading Reading { get; } = new();

    /// <summary>Reads an utterance.</summary>
    public void Read(SignalReader reader, string text, Speaker speaker, PriorActs before)
    {
        Tokenizer.Read(Encoding.UTF8.GetBytes(text), _work.Tokens);
        TailWords tail = default;
        reader.Read(speaker, ref tail, goesOn: false, before, _work, Reading);
        Heads = reader.Model!.SideOf(speaker)!.Heads.ToArray();
        if (_work.Tokens.Tokens.Length == 0) Array.Fill(_work.Linear.LogOdds, -20);
    }

    /// <summary>Reads an utterance with a reader of phrases alone.</summary>
    public void ReadPhrases(SignalReader phrases, string text, Speaker speaker, PriorActs before)
    {
        Tokenizer.Read(Encoding.UTF8.GetBytes(text), _work.Tokens);
        TailWords tail = default;
        phrases.Read(speaker, ref tail, goesOn: false, before, _work, Reading);
    }

    /// <summary>The heads of the side that spoke.</summary>
    public LinearHead[] Heads { get; private set; } = [];

    /// <summary>Log-odds of a signal.</summary>
    public double LogOdds(Signal signal)
    {
        for (int h = 0; h < Heads.Length; h++)
        {
            if (Heads[h].Signal == signal) return _work.Linear.LogOdds[h];
        }

        return double.NegativeInfinity;
    }
}
