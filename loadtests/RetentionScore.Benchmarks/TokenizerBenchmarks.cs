using BenchmarkDotNet.Attributes;
using RetentionScore.Core.Text;

namespace RetentionScore.Benchmarks;

/// <summary>UTF-8 to words.</summary>
[MemoryDiagnoser]
public class TokenizerBenchmarks
{
    private readonly TokenBuffer tokens = new();
    private byte[] text = [];

    [Params(4, 10, 60)]
    public int Words { get; set; }

    [GlobalSetup]
    public void Say() => text = Talk.Of(Words);

    [Benchmark]
    public int Read()
    {
        Tokenizer.Read(text, tokens);
        return tokens.Tokens.Length;
    }
}
