using System.Security.Cryptography;
using System.Text;

namespace RetentionScore.Server.Security;

/// <summary>A new API key: shown once, and what the file of keys holds of it.</summary>
/// <param name="Key">256 random bits behind a prefix that secret scanners can look for.</param>
/// <param name="Sha256">SHA-256 of the key's UTF-8, 64 hexadecimal digits. A plain hash, as there is nothing to guess in 256 random bits.</param>
public sealed record ApiKey(string Key, string Sha256)
{
    /// <summary>What every key begins with.</summary>
    public const string Prefix = "rsk_";

    /// <summary>Makes one.</summary>
    public static ApiKey Make()
    {
        string key = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        return new ApiKey(key, Convert.ToHexStringLower(HashOf(key)));
    }

    /// <summary>What keys are found by.</summary>
    internal static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
