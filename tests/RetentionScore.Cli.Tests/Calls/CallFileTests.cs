using System.IO.Pipes;
using System.Text;
using RetentionScore.Cli.Calls;

namespace RetentionScore.Cli.Tests.Calls;

public class CallFileTests
{
    private const string Call = """{"id": "c", "turns": [{"speaker": "CUSTOMER", "text": "hello"}]}""";

    [Fact]
    public void Read_AFile_LinesKeepTheirNumbersAndTellHowFarTheyAre()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes($"\uFEFF{Call}\n\n  \nrubbish\r\n{Call}"));
        CallLine[] lines = [.. CallFile.Read(stream)];
        Assert.Equal([1, 4, 5], lines.Select(line => line.Number));
        Assert.Equal([true, false, true], lines.Select(line => line.Call is not null));
        Assert.Equal(1, lines[^1].Share);
    }

    [Fact]
    public void Read_APipe_IsRead()
    {
        using var reading = new AnonymousPipeServerStream(PipeDirection.In);
        using (var writing = new AnonymousPipeClientStream(PipeDirection.Out, reading.ClientSafePipeHandle)) writing.Write(Encoding.UTF8.GetBytes(Call + "\n"));
        CallLine line = Assert.Single(CallFile.Read(reading));
        Assert.NotNull(line.Call);
        Assert.Null(line.Share);
    }
}
