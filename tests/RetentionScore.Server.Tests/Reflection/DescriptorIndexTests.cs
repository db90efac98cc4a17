using Google.Protobuf;
using Google.Protobuf.Reflection;
using RetentionScore.Server.Reflection;

namespace RetentionScore.Server.Tests.Reflection;

public sealed class DescriptorIndexTests
{
    // Our own contract extends nothing, so this one is made up: one file declares a message, another extends it.
    private static readonly DescriptorIndex Index = new(Build().SelectMany(file => file.Services));

    [Theory]
    [InlineData(100, "extends.proto")]
    [InlineData(150, "extends.proto")]
    [InlineData(101, null)]
    public void FileOfExtension_ByNumber_TheFileThatExtends(int number, string? file) =>
        Assert.Equal(file, Index.FileOfExtension("made.up.Base", number)?.Name);

    [Fact]
    public void ExtensionNumbers_OfExtendedMessage_AllInOrder() => Assert.Equal([100, 150], Index.ExtensionNumbers("made.up.Base"));

    [Theory]
    [InlineData("made.up.first")]
    [InlineData("made.up.Scope.second")]
    public void FileOfSymbol_Extension_TheFileThatExtends(string symbol) => Assert.Equal("extends.proto", Index.FileOfSymbol(symbol)?.Name);

    [Fact]
    public void FileOfSymbol_OfAnImport_IsKnown() => Assert.Equal("base.proto", Index.FileOfSymbol("made.up.Base")?.Name);

    private static IReadOnlyList<FileDescriptor> Build()
    {
        var declares = new FileDescriptorProto
        {
            Name = "base.proto",
            Package = "made.up",
            MessageType =
            {
                new DescriptorProto
                {
                    Name = "Base",
                    ExtensionRange = { new DescriptorProto.Types.ExtensionRange { Start = 100, End = 200 } },
                },
            },
        };
        var extends = new FileDescriptorProto
        {
            Name = "extends.proto",
            Package = "made.up",
            Dependency = { declares.Name },
            Extension = { Extension("first", 150) },
            MessageType = { new DescriptorProto { Name = "Scope", Extension = { Extension("second", 100) } } },
            Service = { new ServiceDescriptorProto { Name = "Service" } },
        };
        return FileDescriptor.BuildFromByteStrings([declares.ToByteString(), extends.ToByteString()]);
    }

    private static FieldDescriptorProto Extension(string name, int number) => new()
    {
        Name = name,
        Number = number,
        Extendee = ".made.up.Base",
        Type = FieldDescriptorProto.Types.Type.Int32,
        Label = FieldDescriptorProto.Types.Label.Optional,
    };
}
