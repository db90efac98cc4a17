using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Trunk;
using RetentionScore.Server.Scoring.Wire;
using static RetentionScore.Server.Tests.Trunk.TestTrunk;

namespace RetentionScore.Server.Tests.Trunk;

/// <summary>The gates: what an utterance allocates through the loop of a trunk, and what a call of a trunk keeps.</summary>
[Collection(Alone.Name)]
public sealed class TrunkMemoryTests
{
    private const int Calls = 100;

    /// <summary>What a call itself keeps, such as its last 64 ids, has grown by then.</summary>
    private const int WarmUp = 70;
    private const int Measured = 30;

    /// <summary>Bytes an utterance; measured: 0.</summary>
    private const int Gate = 0;

    /// <summary>Bytes a live call in all.</summary>
    private const int CallGate = 8 * 1024;

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(100)]
    public async Task Utterance_AllocatesNoMoreThanTheGate(int inARequest)
    {
        await using TestServer server = await TestServer.StartAsync();
        var reader = new ScriptedReader(Requests(inARequest));
        var writer = new CountingWriter();
        var trunk = new CallTrunk(server.Service<CallStreamServices>(), reader, writer, RetentionScore.Server.Security.Caller.Anonymous, new LoopbackContext(), _ => { });
        // Not under the runner's synchronization context: what is awaited would go on elsewhere.
        long allocated = await Task.Run(() => Measure(trunk, reader, writer, inARequest)).Within();
        Assert.True(allocated <= (long)Gate * Calls * Measured, $"{(double)allocated / Calls / Measured:F1} bytes an utterance, the gate is {Gate}");
    }

    [Fact]
    public async Task LiveCall_KeepsNoMoreThanTheGate()
    {
        const int Many = 4000;
        await using TestServer server = await TestServer.StartAsync();
        using var trunk = new TestTrunk(server.Client.ScoreCalls());
        await OpenAsync(trunk, 0, 500);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await OpenAsync(trunk, 500, Many);
        long kept = (GC.GetTotalMemory(forceFullCollection: true) - before) / Many;
        Assert.Equal(Many + 500, server.Service<RetentionScore.Server.Calls.CallRegistry>().Live);
        Assert.True(kept <= CallGate, $"{kept} bytes a call, the gate is {CallGate}");
    }

    private static async Task OpenAsync(TestTrunk trunk, int from, int count)
    {
        for (uint channel = (uint)from; channel < from + count; channel++)
        {
            await trunk.SendAsync([
                On(channel, new CallStart { CallId = $"call-{channel:D8}", ResumeFrom = 1 }),
                .. Enumerable.Range(1, 6).Select(seq => On(channel, Say.Final((uint)seq, "I want to cancel my service.", (Speaker)(1 + seq % 2), $"recogniser-{seq:D8}")))]);
            Assert.NotNull((await trunk.ResponseAsync(channel)).Opened);
            for (uint seq = 1; seq <= 6; seq++) Assert.Equal(seq, (await trunk.UpdateAsync(channel)).Seq);
        }
    }

    private static async Task<long> Measure(CallTrunk trunk, ScriptedReader reader, CountingWriter writer, int inARequest)
    {
        Task<Refusal?> running = trunk.RunAsync();
        int each = (Calls + inARequest - 1) / inARequest;
        reader.Give(each + WarmUp * each);
        int warm = writer.Writes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Give(Measured * each);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(writer.Writes > warm);
        reader.End();
        Assert.Null(await running);
        return allocated;
    }

    /// <summary>First the starts, then rounds of an utterance of each call.</summary>
    private static List<byte[]> Requests(int inARequest)
    {
        var requests = new List<byte[]>();
        for (int round = 0; round <= WarmUp + Measured; round++)
        {
            foreach (int[] channels in Enumerable.Range(0, Calls).Chunk(inARequest))
            {
                requests.Add(new ScoreCallsRequest
                {
                    Requests =
                    {
                        channels.Select(channel => round == 0
                            ? On((uint)channel, new CallStart { CallId = $"c{channel}", ResumeFrom = 1 })
                            : On((uint)channel, Say.Final((uint)round, "my internet is slow today", (Speaker)(1 + round % 2), $"recogniser-{round:D8}"))),
                    },
                }.ToByteArray());
            }
        }

        return requests;
    }

    /// <summary>Payloads as a stack would hand them over, one at a time; all it needs is made before.</summary>
    private sealed class ScriptedReader(List<byte[]> payloads) : IAsyncStreamReader<TrunkRequest>
    {
        private readonly TaskCompletionSource<bool>[] waits = [.. Enumerable.Range(0, payloads.Count + 1).Select(_ => new TaskCompletionSource<bool>())];
        private int next;

        public TrunkRequest Current { get; private set; } = null!;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => waits[next].Task;

        /// <summary>The loop runs inside, on this thread, until it waits again.</summary>
        internal void Give(int requests)
        {
            for (; requests > 0; requests--)
            {
                Current = TrunkRequest.Read(new ReadOnlySequence<byte>(payloads[next]));
                waits[next++].SetResult(true);
            }
        }

        internal void End() => waits[next].SetResult(false);
    }
}
