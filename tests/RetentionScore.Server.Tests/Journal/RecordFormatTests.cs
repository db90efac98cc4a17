using System.Text;
using Google.Protobuf;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests.Journal;

/// <summary>
/// The bytes of a recorded call, and of what its replay says, are in files: another processor, another year, another writer of this code must read
/// the same. After a change of the weights run with UPDATE_GOLDEN=1 and read what changed; the recorded bytes themselves never change.
/// </summary>
public sealed class RecordFormatTests
{
    private const long CallNo = 0x1122334455667788;

    private static readonly string Folder = Path.Combine(Root(), "tests", "RetentionScore.Server.Tests", "Journal", "Golden");

    private static string Recorded => Path.Combine(Folder, "recorded-call-2.records");

    /// <summary>Format 1 did not tell what is sure from what is believed.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void RecordedCall_Replayed_SaysTheSameBytes(int format)
    {
        if (!File.Exists(Recorded) && Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") Record();
        var session = new CallSession(RetentionPolicy.Default, Core.Calls.CallContext.Empty);
        ScoringWorkspace workspace = ScoringWorkspace.Current;
        var said = new StringBuilder();
        foreach (JournalRecord record in ReadAll(File.ReadAllBytes(Path.Combine(Folder, $"recorded-call-{format}.records")), out bool isDamaged))
        {
            if (record.Signals.Kind == RecordKind.End)
                session.End(new Core.Calls.CallEnd(record.Seq, record.Signals.Entry.StartMs, record.Signals.Disposition), workspace.Scratch);
            else session.Replay(record.Signals, workspace.Scratch);
            byte[] update = workspace.Update.Begin(workspace.Scratch.Update, Scoring.Wire.DegradationSet.None, 0).ToMessage().ToByteArray();
            said.Append(record.Seq).Append(' ').Append(Convert.ToHexStringLower(update)).Append('\n');
            Assert.False(isDamaged);
        }

        string golden = Path.Combine(Folder, $"recorded-call-{format}.updates");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(golden, said.ToString());
        Assert.Equal(File.ReadAllText(golden), said.ToString());
    }

    [Fact]
    public void Record_WrittenAgain_IsTheSameBytes()
    {
        byte[] bytes = File.ReadAllBytes(Recorded), again = new byte[RecordFormat.MaxBytes];
        int at = 0;
        foreach (JournalRecord record in ReadAll(bytes, out _))
        {
            int length = RecordFormat.Write(again, CallNo, record);
            Assert.True(bytes.AsSpan(at, length).SequenceEqual(again.AsSpan(0, length)), $"seq {record.Seq}");
            at += length;
        }

        Assert.Equal(bytes.Length, at);
    }

    [Fact]
    public void AnyDamagedByte_IsFound_AndWhatWasBeforeIsRead()
    {
        byte[] bytes = File.ReadAllBytes(Recorded);
        List<JournalRecord> whole = ReadAll(bytes, out _);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[i] ^= (byte)(1 << (i % 8));
            List<JournalRecord> read = ReadAll(damaged, out bool isDamaged);
            Assert.True(isDamaged, $"byte {i}");
            Assert.True(read.Count < whole.Count);
            for (int k = 0; k < read.Count; k++) Assert.Equal(whole[k].Seq, read[k].Seq);
        }
    }

    [Fact]
    public void RecordOfAnotherCall_IsDamaged()
    {
        int at = 0;
        Assert.Equal(RecordRead.Damaged, RecordFormat.Read(File.ReadAllBytes(Recorded), ref at, CallNo + 1, out _));
    }

    [Fact]
    public void RandomBytes_NeverThrow()
    {
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            int at = 0;
            Assert.Equal(RecordRead.Damaged, RecordFormat.Read(bytes, ref at, CallNo, out _));
        }
    }

    [Fact]
    public void Checksum_IsCastagnolis() => Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));

    private static List<JournalRecord> ReadAll(byte[] bytes, out bool isDamaged)
    {
        var records = new List<JournalRecord>();
        int at = 0;
        RecordRead read;
        while ((read = RecordFormat.Read(bytes, ref at, CallNo, out JournalRecord record)) == RecordRead.Read) records.Add(record);
        isDamaged = read == RecordRead.Damaged;
        return records;
    }

    private static void Record()
    {
        var session = new CallSession(RetentionPolicy.Default, Core.Calls.CallContext.Empty);
        var scratch = new ScoringScratch();
        using var file = new MemoryStream();
        byte[] bytes = new byte[RecordFormat.MaxBytes];
        uint seq = 0;
        void Keep(string id = "") => file.Write(bytes, 0, RecordFormat.Write(bytes, CallNo, new JournalRecord { Signals = scratch.Record, UtteranceId = Encoding.UTF8.GetBytes(id), ZeroUnixMs = 1_790_000_000_000 + seq }));
        void Says(Core.Speaker speaker, string text, float? confidence = null, uint corrects = 0)
        {
            seq++;
            session.Observe(new Core.Calls.Utterance { Seq = seq, Speaker = speaker, Text = Encoding.UTF8.GetBytes(text), StartMs = (int)seq * 4000, EndMs = (int)seq * 4000 + 3000, AsrConfidence = confidence, CorrectsSeq = corrects }, scratch);
            Keep($"utterance-{seq}");
        }

        void Happens(Core.Dialogue.CallEventKind kind, PromptId prompt = default, Core.Calls.CallContext? context = null)
        {
            seq++;
            session.Observe(new Core.Calls.CallEvent { Seq = seq, AtMs = (int)seq * 4000, Kind = kind, Prompt = prompt, Context = context }, scratch);
            Keep();
        }

        Says(Core.Speaker.Agent, "thanks for calling how can i help you today");
        Says(Core.Speaker.Customer, "hi i'd like to cancel my internet service please");
        Says(Core.Speaker.Agent, "i'm sorry to hear that can i ask why you want to leave us");
        Says(Core.Speaker.Customer, "i'd rather not say i just want to cancel", confidence: 0.4f);
        Says(Core.Speaker.Agent, "we are the number one provider why is it that you don't want the fastest internet");
        Says(Core.Speaker.Customer, "i already told you please cancel it i am recording this call");
        Happens(Core.Dialogue.CallEventKind.HoldStarted);
        Happens(Core.Dialogue.CallEventKind.Tick);
        Happens(Core.Dialogue.CallEventKind.Tick);
        Happens(Core.Dialogue.CallEventKind.HoldEnded);
        Happens(Core.Dialogue.CallEventKind.ContextChanged, context: new Core.Calls.CallContext { AgentId = "agent-2", Jurisdiction = "US-CA", CustomerId = "c-1", TenureMonths = 30, Audience = 12 });
        Says(Core.Speaker.Agent, "i can offer you half price for six months");
        Says(Core.Speaker.Customer, "no thank you just cancel my service", corrects: 4);
        Happens(Core.Dialogue.CallEventKind.PromptDismissed, prompt: new PromptId(3, Core.Policy.RecommendedAction.StopAskingWhy));
        Happens((Core.Dialogue.CallEventKind)99);
        Says(Core.Speaker.Customer, "no thank you cancel it");
        Says(Core.Speaker.Agent, "okay i've cancelled it your reference is four two seven one");
        session.KeepPlace(++seq, (int)seq * 4000, scratch);
        Keep();
        session.End(new Core.Calls.CallEnd(++seq, 90_000, Core.Calls.Disposition.Cancelled), scratch);
        Keep();
        Directory.CreateDirectory(Folder);
        File.WriteAllBytes(Recorded, file.ToArray());
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "RetentionScore.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("no RetentionScore.sln above the tests");
    }
}
