using System.Buffers.Binary;
using System.Text;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;

namespace RetentionScore.Server.Journal;

/// <summary>What reading a record came to.</summary>
internal enum RecordRead
{
    /// <summary>A record was read.</summary>
    Read,
    /// <summary>No bytes are left.</summary>
    End,
    /// <summary>The bytes are not what was written; nothing behind them can be read.</summary>
    Damaged,
}

/// <summary>
/// A record as bytes, the same on every processor:
/// <code>length of payload (uint16) · payload · CRC-32C of call number, length and payload (uint32)      all little-endian</code>
/// The payload begins with the format's version. With the call's number in the checksum a record cannot turn up in another call. Stateless.
/// </summary>
internal static class RecordFormat
{
    /// <summary>Bytes around a payload.</summary>
    internal const int Overhead = 6;

    /// <summary>No record is longer, whatever it says: a context of four names and an id, or a text of <see cref="MaxTextBytes"/>.</summary>
    internal const int MaxBytes = 24 * 1024;

    /// <summary>Text is cut to this.</summary>
    internal const int MaxTextBytes = 16 * 1024;

    private const byte Version = 2, WithoutSure = 1;
    private const byte LostHistory = 15;

    [Flags]
    private enum Has : byte
    {
        None = 0,
        Id = 1,
        Text = 2,
        Context = 4,
        Prompt = 8,
    }

    /// <summary>Writes a record; <paramref name="to"/> has room for <see cref="MaxBytes"/>. Returns its length.</summary>
    internal static int Write(Span<byte> to, long callNo, in JournalRecord record)
    {
        var writer = new ByteWriter(to[2..]);
        ref readonly SignalRecord signals = ref record.Signals;
        ref readonly LogEntry entry = ref signals.Entry;
        Has has = (record.UtteranceId.IsEmpty ? Has.None : Has.Id) | (record.Text.IsEmpty ? Has.None : Has.Text)
            | (signals.Context is null ? Has.None : Has.Context) | (signals.Prompt.RaisedSeq == 0 ? Has.None : Has.Prompt);
        writer.Byte(Version);
        writer.Byte((byte)((record.IsLostHistory ? LostHistory : (byte)signals.Kind) | (byte)has << 4));
        writer.Varint(entry.Seq);
        writer.ZigZag(record.ZeroUnixMs);
        writer.ZigZag(entry.StartMs);
        writer.ZigZag((long)entry.EndMs - entry.StartMs);
        if (signals.Kind == RecordKind.Event) writer.Byte((byte)entry.Event);
        if (signals.Kind == RecordKind.End) writer.Byte((byte)signals.Disposition);
        if (signals.Kind is RecordKind.Utterance or RecordKind.Correction && !record.IsLostHistory)
        {
            if (signals.Kind == RecordKind.Correction) writer.Varint(signals.CorrectsSeq);
            writer.Byte((byte)entry.Speaker);
            writer.Byte(entry.Confidence);
            writer.Byte((byte)entry.Flags);
            writer.Varint(entry.Words);
            writer.UInt64(entry.ContentBits);
            int count = 0;
            while (count < LogEntry.MostSignals && entry.Signals[count] != 0) count++;
            writer.Byte((byte)count);
            for (int i = 0; i < count; i++) writer.UInt16(entry.Signals[i]);
        }

        if ((has & Has.Id) != 0) writer.Bytes(record.UtteranceId.Span);
        if ((has & Has.Prompt) != 0)
        {
            writer.Varint(signals.Prompt.RaisedSeq);
            writer.Byte((byte)signals.Prompt.Action);
        }

        if (signals.Context is { } context) WriteContext(ref writer, context);
        if ((has & Has.Text) != 0) writer.Bytes(record.Text.Span[..Math.Min(record.Text.Length, MaxTextBytes)]);

        int length = writer.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[(2 + length)..], Checksum(callNo, to[..(2 + length)]));
        return length + Overhead;
    }

    /// <summary>Reads the record at <paramref name="at"/> and moves behind it.</summary>
    /// <param name="bytes">Records of one call, one behind the other; ids and texts of what is read lie in them.</param>
    /// <param name="at">Where the record begins.</param>
    /// <param name="callNo">Whose it is.</param>
    /// <param name="record">What was read.</param>
    internal static RecordRead Read(ReadOnlyMemory<byte> bytes, ref int at, long callNo, out JournalRecord record)
    {
        record = default;
        ReadOnlySpan<byte> left = bytes.Span[at..];
        if (left.IsEmpty) return RecordRead.End;
        if (left.Length < Overhead) return RecordRead.Damaged;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(left);
        if (left.Length < length + Overhead) return RecordRead.Damaged;
        if (BinaryPrimitives.ReadUInt32LittleEndian(left[(2 + length)..]) != Checksum(callNo, left[..(2 + length)])) return RecordRead.Damaged;
        if (!TryReadPayload(bytes.Slice(at + 2, length), out record)) return RecordRead.Damaged;
        at += length + Overhead;
        return RecordRead.Read;
    }

    private static bool TryReadPayload(ReadOnlyMemory<byte> payload, out JournalRecord record)
    {
        record = default;
        var reader = new ByteReader(payload.Span);
        byte version = reader.Byte();
        if (version is not (Version or WithoutSure)) return false;
        byte head = reader.Byte();
        var has = (Has)(head >> 4);
        record.IsLostHistory = (head & 15) == LostHistory;
        ref SignalRecord signals = ref record.Signals;
        ref LogEntry entry = ref signals.Entry;
        signals.Kind = record.IsLostHistory ? RecordKind.Place : (RecordKind)(head & 15);
        if (signals.Kind > RecordKind.End) return false;
        entry.Seq = (uint)reader.Varint();
        record.ZeroUnixMs = reader.ZigZag();
        entry.StartMs = (int)reader.ZigZag();
        entry.EndMs = (int)(entry.StartMs + reader.ZigZag());
        entry.Kind = signals.Kind switch
        {
            RecordKind.Utterance or RecordKind.Correction => EntryKind.Utterance,
            RecordKind.Event => EntryKind.Event,
            _ => EntryKind.Place,
        };
        if (signals.Kind == RecordKind.Event) entry.Event = (CallEventKind)reader.Byte();
        if (signals.Kind == RecordKind.End) signals.Disposition = (Disposition)reader.Byte();
        if (entry.Kind == EntryKind.Utterance)
        {
            if (signals.Kind == RecordKind.Correction) signals.CorrectsSeq = (uint)reader.Varint();
            entry.Speaker = (Speaker)reader.Byte();
            entry.Confidence = reader.Byte();
            entry.Flags = (EntryFlags)reader.Byte();
            entry.Words = (ushort)reader.Varint();
            entry.ContentBits = reader.UInt64();
            int count = reader.Byte();
            if (count > LogEntry.MostSignals) return false;
            for (int i = 0; i < count; i++) entry.Signals[i] = version == Version ? reader.UInt16() : WithSure(reader.UInt16());
        }

        if ((has & Has.Id) != 0) record.UtteranceId = reader.Range(payload);
        if ((has & Has.Prompt) != 0) signals.Prompt = new PromptId((uint)reader.Varint(), (RecommendedAction)reader.Byte());
        if ((has & Has.Context) != 0) signals.Context = ReadContext(ref reader);
        if ((has & Has.Text) != 0) record.Text = reader.Range(payload);
        return !reader.IsBroken;
    }

    /// <summary>Version 1 kept no decisions: what had a probability of 0.53 was sure.</summary>
    private static ushort WithSure(ushort pair) => (ushort)((pair & 0xFF) >= 136 ? pair | SignalBytes.Sure : pair);

    private static void WriteContext(ref ByteWriter writer, CallContext context)
    {
        string?[] names = [context.AgentId, context.Queue, context.Jurisdiction, context.CustomerId];
        uint?[] numbers = [context.TenureMonths, context.ContactsLast30Days, context.Audience];
        int mask = 0;
        for (int i = 0; i < 4; i++) mask |= names[i] is null ? 0 : 1 << i;
        for (int i = 0; i < 3; i++) mask |= numbers[i] is null ? 0 : 1 << (4 + i);
        writer.Byte((byte)mask);
        foreach (string? name in names)
        {
            if (name is not null) writer.Bytes(Encoding.UTF8.GetBytes(name));
        }

        foreach (uint? number in numbers)
        {
            if (number is { } told) writer.Varint(told);
        }
    }

    private static CallContext ReadContext(ref ByteReader reader)
    {
        int mask = reader.Byte();
        return new CallContext
        {
            AgentId = (mask & 1) != 0 ? reader.Text() : null,
            Queue = (mask & 2) != 0 ? reader.Text() : null,
            Jurisdiction = (mask & 4) != 0 ? reader.Text() : null,
            CustomerId = (mask & 8) != 0 ? reader.Text() : null,
            TenureMonths = (mask & 16) != 0 ? (uint)reader.Varint() : null,
            ContactsLast30Days = (mask & 32) != 0 ? (uint)reader.Varint() : null,
            Audience = (mask & 64) != 0 ? (uint)reader.Varint() : null,
        };
    }

    private static uint Checksum(long callNo, ReadOnlySpan<byte> bytes) => Crc32C.Of(bytes, Crc32C.Of(callNo));
}
