using System.Text;

namespace RetentionScore.Cli.Learning;

/// <summary>Numbers drawn by a seed, the same on every machine and in every order of asking.</summary>
internal static class Drawing
{
    /// <summary>A number of 64 bits for a place in a list.</summary>
    public static ulong Number(int seed, string of, int at)
    {
        ulong x = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(of)) x = (x ^ b) * 1099511628211;
        x ^= ((ulong)(uint)seed << 32) | (uint)at;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>Which of some parts a group falls in.</summary>
    public static int Part(int seed, string group, int parts) => (int)(Number(seed, group, 0) % (ulong)parts);
}
