using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RetentionScore.Core.Signals;

namespace RetentionScore.Server.Tests;

/// <summary>Real files of weights: the shipped ones under another name, and one that has learned nothing.</summary>
internal static class Models
{
    private const int NameAt = 6; // "RSLM", format

    internal static byte[] Shipped { get; } = File.ReadAllBytes(Path.Combine(Repository(), "src", "RetentionScore.Core", "Signals", "Linear", "weights.bin"));

    /// <summary>A customer's words of which the shipped model tells, and the signal that no phrase finds in them. Other weights, other words.</summary>
    internal static (string Text, string Signal) OnlyLearned { get; } = FindOnlyLearned();

    /// <summary>The shipped weights, called otherwise.</summary>
    internal static byte[] Called(string name) => Sealed([.. Shipped[..NameAt], .. Text(name), .. Shipped.AsSpan(NameAt + 1 + Shipped[NameAt], Shipped.Length - NameAt - 1 - Shipped[NameAt] - SHA256.HashSizeInBytes)]);

    /// <summary>A model without a signal: phrases alone are left.</summary>
    internal static byte[] Empty(string name)
    {
        byte[] two = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(two, SignalCatalogue.Count);
        byte[] side = [0, 0, .. two, .. Enumerable.Range(1, SignalCatalogue.Count - 1).SelectMany(signal => Text(SignalCatalogue.Name((Signal)signal))), 0, 0, 0, 0, 0, 0, 0, 0];
        return Sealed([.. Shipped[..NameAt], .. Text(name), .. side, .. side]);
    }

    /// <summary>With its checksum.</summary>
    internal static byte[] Sealed(byte[] bytes) => [.. bytes, .. SHA256.HashData(bytes)];

    private static (string Text, string Signal) FindOnlyLearned()
    {
        SignalReader phrases = SignalReader.WithModel(Empty("phrases")).Reader!;
        foreach (string line in File.ReadLines(Path.Combine(Repository(), "tests", "labels", "heldout.jsonl")))
        {
            foreach (JsonElement turn in JsonDocument.Parse(line).RootElement.GetProperty("turns").EnumerateArray())
            {
                string text = turn.GetProperty("text").GetString()!;
                if (turn.GetProperty("speaker").GetString() != "CUSTOMER") continue;
                SignalReading learned = SignalReader.BuiltIn.Read(text, Core.Speaker.Customer), found = phrases.Read(text, Core.Speaker.Customer);
                for (Signal signal = Signal.CancelRequest; signal < Signal.AsksIfCancel; signal++)
                {
                    // Sure enough to be counted; what takes a request back is never taken from the model alone.
                    if (signal is Signal.WithdrawsCancel or Signal.AcceptsOffer) continue;
                    if (learned[signal] >= 0.85f && found[signal] == 0) return (text, SignalCatalogue.Name(signal));
                }
            }
        }

        throw new InvalidOperationException("the shipped model tells of nothing that phrases do not find");
    }

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static string Repository()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "RetentionScore.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
