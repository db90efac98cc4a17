using System.Buffers.Binary;
using RetentionScore.Core.Signals;

namespace RetentionScore.Server.Journal;

/// <summary>
/// The last words of both sides, as numbers of the phrases' lexicon: what a sentence needs that goes on behind a restore. They are kept once a
/// call, overwritten by the next, and go with its end.
/// </summary>
internal readonly struct LastWords(TailWords customer, TailWords agent)
{
    /// <summary>As bytes.</summary>
    internal const int Bytes = 2 * TailWords.Length * sizeof(ushort);

    private readonly TailWords customer = customer;
    private readonly TailWords agent = agent;

    internal TailWords Customer => customer;

    internal TailWords Agent => agent;

    /// <summary>Reads them; none where there are not as many bytes.</summary>
    internal static LastWords Read(ReadOnlySpan<byte> from)
    {
        TailWords ofCustomer = default, ofAgent = default;
        if (from.Length < Bytes) return default;
        Read(from, ofCustomer);
        Read(from[(Bytes / 2)..], ofAgent);
        return new LastWords(ofCustomer, ofAgent);
    }

    internal void Write(Span<byte> to)
    {
        Write(customer, to);
        Write(agent, to[(Bytes / 2)..]);
    }

    private static void Read(ReadOnlySpan<byte> from, Span<ushort> words)
    {
        for (int i = 0; i < TailWords.Length; i++) words[i] = BinaryPrimitives.ReadUInt16LittleEndian(from[(2 * i)..]);
    }

    private static void Write(ReadOnlySpan<ushort> words, Span<byte> to)
    {
        for (int i = 0; i < TailWords.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(to[(2 * i)..], words[i]);
    }
}
