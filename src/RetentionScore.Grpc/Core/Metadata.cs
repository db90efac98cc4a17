using System.Collections;
using System.Text;

namespace Grpc.Core;

/// <summary>
/// Headers or trailers of a call: an ordered list of entries, in which a key may come more than once. Not safe for concurrent changes.
/// </summary>
public sealed class Metadata : IList<Metadata.Entry>
{
    /// <summary>Keys that end so have bytes for values; all others have ASCII text.</summary>
    public const string BinaryHeaderSuffix = "-bin";

    /// <summary>No entries, and none can be added.</summary>
    public static readonly Metadata Empty = new(readOnly: true);

    private readonly List<Entry> entries = [];

    /// <summary>Creates an empty list.</summary>
    public Metadata()
    {
    }

    private Metadata(bool readOnly) => IsReadOnly = readOnly;

    /// <summary>How many entries there are.</summary>
    public int Count => entries.Count;

    /// <summary>Whether adding, removing and replacing throw <see cref="InvalidOperationException"/>.</summary>
    public bool IsReadOnly { get; }

    /// <summary>The entry at a place.</summary>
    /// <param name="index">0 up to <see cref="Count"/> - 1.</param>
    public Entry this[int index]
    {
        get => entries[index];
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            ThrowIfReadOnly();
            entries[index] = value;
        }
    }

    /// <summary>The last entry of a key.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <returns>The entry, or null when there is none.</returns>
    public Entry? Get(string key)
    {
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            if (entries[i].Has(key)) return entries[i];
        }

        return null;
    }

    /// <summary>The text of the last entry of a key.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <returns>The text, or null when there is no such entry.</returns>
    /// <exception cref="InvalidOperationException">The entry is binary.</exception>
    public string? GetValue(string key) => Get(key)?.Value;

    /// <summary>The bytes of the last entry of a key; of a text its ASCII bytes.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <returns>A copy of the bytes, or null when there is no such entry.</returns>
    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    /// <summary>All entries of a key, in order.</summary>
    /// <param name="key">The key, in any case.</param>
    /// <returns>The entries; empty when there are none.</returns>
    public IEnumerable<Entry> GetAll(string key) => entries.Where(entry => entry.Has(key));

    /// <summary>Adds a text.</summary>
    /// <param name="key">Letters, digits, <c>_ - .</c>; lower-cased; not ending in <c>-bin</c>.</param>
    /// <param name="value">ASCII text.</param>
    public void Add(string key, string value) => Add(new Entry(key, value));

    /// <summary>Adds bytes.</summary>
    /// <param name="key">Letters, digits, <c>_ - .</c>; lower-cased; ending in <c>-bin</c>.</param>
    /// <param name="valueBytes">The bytes; copied.</param>
    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    /// <inheritdoc/>
    public void Add(Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        ThrowIfReadOnly();
        entries.Add(item);
    }

    /// <inheritdoc/>
    public void Insert(int index, Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        ThrowIfReadOnly();
        entries.Insert(index, item);
    }

    /// <inheritdoc/>
    public void Clear()
    {
        ThrowIfReadOnly();
        entries.Clear();
    }

    /// <inheritdoc/>
    public bool Remove(Entry item)
    {
        ThrowIfReadOnly();
        return entries.Remove(item);
    }

    /// <inheritdoc/>
    public void RemoveAt(int index)
    {
        ThrowIfReadOnly();
        entries.RemoveAt(index);
    }

    /// <inheritdoc/>
    public int IndexOf(Entry item) => entries.IndexOf(item);

    /// <inheritdoc/>
    public bool Contains(Entry item) => entries.Contains(item);

    /// <inheritdoc/>
    public void CopyTo(Entry[] array, int arrayIndex) => entries.CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public IEnumerator<Entry> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => entries.GetEnumerator();

    private void ThrowIfReadOnly()
    {
        if (IsReadOnly) throw new InvalidOperationException("Object is read only");
    }

    /// <summary>One key with its text or bytes. Immutable.</summary>
    public class Entry
    {
        private readonly string? text;
        private readonly byte[]? bytes;

        /// <summary>An entry of bytes.</summary>
        /// <param name="key">Letters, digits, <c>_ - .</c>; lower-cased; ending in <c>-bin</c>.</param>
        /// <param name="valueBytes">The bytes; copied.</param>
        /// <exception cref="ArgumentException">The key is not of that form.</exception>
        public Entry(string key, byte[] valueBytes)
        {
            ArgumentNullException.ThrowIfNull(valueBytes);
            Key = Normalize(key);
            if (!IsBinaryKey(Key)) throw new ArgumentException("The key of a binary value must end in -bin.", nameof(key));
            bytes = (byte[])valueBytes.Clone();
        }

        /// <summary>An entry of text.</summary>
        /// <param name="key">Letters, digits, <c>_ - .</c>; lower-cased; not ending in <c>-bin</c>.</param>
        /// <param name="value">ASCII text.</param>
        /// <exception cref="ArgumentException">The key is not of that form.</exception>
        public Entry(string key, string value)
        {
            ArgumentNullException.ThrowIfNull(value);
            Key = Normalize(key);
            if (IsBinaryKey(Key)) throw new ArgumentException("The key of a text must not end in -bin.", nameof(key));
            text = value;
        }

        /// <summary>The key, in lower case.</summary>
        public string Key { get; }

        /// <summary>Whether the value is bytes.</summary>
        public bool IsBinary => text is null;

        /// <summary>The text.</summary>
        /// <exception cref="InvalidOperationException">The entry is binary.</exception>
        public string Value => text ?? throw new InvalidOperationException("Cannot access string value of a binary metadata entry");

        /// <summary>A copy of the bytes; of a text its ASCII bytes.</summary>
        public byte[] ValueBytes => bytes is null ? Encoding.ASCII.GetBytes(text!) : (byte[])bytes.Clone();

        internal ReadOnlySpan<byte> Bytes => bytes;

        /// <inheritdoc/>
        public override string ToString() =>
            IsBinary ? $"[Entry: key={Key}, valueBytes={bytes!.Length} bytes]" : $"[Entry: key={Key}, value={text}]";

        internal static bool IsBinaryKey(string key) => key.EndsWith(BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase);

        internal static bool IsKey(string key)
        {
            foreach (var c in key)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.')) return false;
            }

            return true;
        }

        internal bool Has(string key) => string.Equals(Key, key, StringComparison.OrdinalIgnoreCase);

        private static string Normalize(string key)
        {
            ArgumentNullException.ThrowIfNull(key);
            if (!IsKey(key)) throw new ArgumentException("A metadata key has letters, digits, underscores, hyphens and dots only.", nameof(key));
            return key.ToLowerInvariant();
        }
    }
}
