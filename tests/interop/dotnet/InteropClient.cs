namespace RetentionScore.Interop;
internal sealed class InteropClient(int port, int gzipPort)
{
    public Task<int> RunAsync(string[] only) { _ = port + gzipPort + only.Length; return Task.FromResult(0); }
}
