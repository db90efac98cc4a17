using System.Runtime.InteropServices;

namespace RetentionScore.LoadTests.Wire;

/// <summary>Waits on sockets with a time-out in nanoseconds, which nothing in .NET does: arrivals are due to the microsecond. Linux.</summary>
internal static partial class Poll
{
    internal const short Readable = 0x1, Writable = 0x4, Broken = 0x38;

    private const int SetTimerSlack = 29;

    /// <summary>poll(2)'s pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Watched
    {
        internal int Descriptor;
        internal short Wanted;
        internal short Found;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        internal long Seconds;
        internal long Nanoseconds;
    }

    /// <summary>Linux rounds the waits of a thread by 50 µs unless it is told not to.</summary>
    internal static void MakeThisThreadPunctual() => _ = Control(SetTimerSlack, 1, 0, 0, 0);

    /// <summary>Returns when a socket has what is wanted of it, or when the time is over.</summary>
    internal static void Wait(Span<Watched> watched, long nanoseconds)
    {
        var time = new Time { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
        _ = Wait(ref MemoryMarshal.GetReference(watched), (nuint)watched.Length, ref time, 0);
    }

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int Wait(ref Watched first, nuint count, ref Time time, nint signals);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint value, nuint zero1, nuint zero2, nuint zero3);
}
