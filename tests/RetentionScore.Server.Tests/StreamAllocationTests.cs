using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Wire;
using RetentionScore.Server.Security;

namespace RetentionScore.Server.Tests;

/// <summary>
/// The gate: what an utterance allocates from its bytes to the bytes of its answer, through the loop of a stream, in the thread that runs it. What the
/// stacks' readers and writers allocate comes on top.
/// </summary>
[Collection(Alone.Name)]
public sealed class StreamAllocationTests
{
    private const int WarmUp = 512;
    private const int Measured = 1024;

    /// <summary>Bytes an utterance; measured: 0. With generated messages it was 248, and 808 in a call in which much is recommended.</summary>
    private const int Gate = 0;

    private static readonly string[] HeatedTexts =
    [
        "I want to cancel my service.", "Why do you want to leave us?", "I would rather not say.", "We can offer you half price for six months.",
        "No, please just cancel it.", "This is ridiculous, I am recording this call.",
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(64, false)]
    [InlineData(1, true)]
    [InlineData(64, true)]
    public async Task Utterance_AllocatesNoMoreThanTheGate(int waiting, bool heated)
    {
        await using TestServer server = await TestServer.StartAsync();
        var reader = new ScriptedReader(waiting, heated);
        var writer = new CountingWriter();
        var stream = new CallStream(server.Service<CallStreamServices>(), reader, writer, Caller.Anonymous, new LoopbackContext());
        // Not under the runner's synchronization context: what is awaited would go on elsewhere.
        long allocated = await Task.Run(() => Measure(stream, reader, writer)).Within();
        Assert.True(allocated <= (long)Gate * Measured, $"{(double)allocated / Measured:F1} bytes an utterance, the gate is {Gate}");
    }

    private static async Task<long> Measure(CallStream stream, ScriptedReader reader, CountingWriter writer)
    {
        Task<Refusal?> running = stream.RunAsync();
        reader.Give(WarmUp + 1);
        int warm = writer.Writes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Give(Measured);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(Measured, writer.Writes - warm);
        reader.End();
        Assert.Null(await running);
        return allocated;
    }

    /// <summary>Payloads as a stack would hand them over: so many at once, then the loop waits. All it needs is made before.</summary>
    private sealed class ScriptedReader : IAsyncStreamReader<CallFrame>
    {
        private readonly byte[][] payloads;
        private readonly TaskCompletionSource<bool>[] waits;
        private readonly Task<bool> found = Task.FromResult(true);
        private readonly int waiting;
        private int next;
        private int wait;
        private int left;

        internal ScriptedReader(int waiting, bool heated)
        {
            this.waiting = waiting;
            payloads = new byte[WarmUp + 1 + Measured][];
            payloads[0] = new ScoreCallRequest { Start = new CallStart { CallId = "c", ResumeFrom = 1 } }.ToByteArray();
            for (uint i = 1; i < payloads.Length; i++)
            {
                string text = heated ? HeatedTexts[i % HeatedTexts.Length] : "my internet is slow today";
                payloads[i] = new ScoreCallRequest { Utterance = Say.Final(i, text, (Speaker)(1 + i % 2), $"recogniser-{i:D8}") }.ToByteArray();
            }

            waits = [.. Enumerable.Range(0, payloads.Length + 1).Select(_ => new TaskCompletionSource<bool>())];
        }

        public CallFrame Current { get; private set; } = null!;

        public Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (left == 0) return waits[wait].Task;
            left--;
            Take();
            return found;
        }

        /// <summary>The loop runs inside, on this thread, until it waits again.</summary>
        internal void Give(int messages)
        {
            while (messages > 0)
            {
                int now = next == 0 ? 1 : Math.Min(messages, waiting);
                left = now - 1;
                messages -= now;
                Take();
                waits[wait++].SetResult(true);
            }
        }

        internal void End() => waits[wait].SetResult(false);

        private void Take() => Current = CallFrame.Read(new ReadOnlySequence<byte>(payloads[next++]));
    }
}
