using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace RetentionScore.Server.Reflection;

/// <summary>
/// The files that describe a set of services, with everything they import, by file name, by symbol and by extension. Immutable.
/// </summary>
internal sealed class DescriptorIndex
{
    private readonly Dictionary<string, FileDescriptor> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileDescriptor> symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<int, FileDescriptor>> extensions = new(StringComparer.Ordinal);

    public DescriptorIndex(IEnumerable<ServiceDescriptor> services)
    {
        var all = services.ToList();
        ServiceNames = [.. all.Select(service => service.FullName).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        foreach (var service in all) AddFile(service.File);
    }

    /// <summary>Full names of the services, in their order.</summary>
    public IReadOnlyList<string> ServiceNames { get; }

    /// <summary>The file of that name; null for none.</summary>
    public FileDescriptor? File(string name) => files.GetValueOrDefault(name);

    /// <summary>The file that declares a message, field, oneof, enum, enum value, service, method or extension; null for none.</summary>
    public FileDescriptor? FileOfSymbol(string fullName) => symbols.GetValueOrDefault(fullName);

    /// <summary>The file that extends a message with a field of that number; null for none.</summary>
    public FileDescriptor? FileOfExtension(string extendee, int number) => extensions.GetValueOrDefault(extendee)?.GetValueOrDefault(number);

    /// <summary>The numbers of a message's known extensions in their order; null where there is no such message.</summary>
    public IReadOnlyCollection<int>? ExtensionNumbers(string extendee)
    {
        if (extensions.TryGetValue(extendee, out var known)) return known.Keys;
        var file = FileOfSymbol(extendee);
        return file is not null && IsMessage(file.MessageTypes, extendee) ? [] : null;
    }

    private static bool IsMessage(IEnumerable<MessageDescriptor> messages, string fullName) =>
        messages.Any(message => string.Equals(message.FullName, fullName, StringComparison.Ordinal) || IsMessage(message.NestedTypes, fullName));

    private void AddFile(FileDescriptor file)
    {
        if (!files.TryAdd(file.Name, file)) return;
        foreach (var message in file.MessageTypes) AddMessage(message);
        foreach (var type in file.EnumTypes) AddEnum(type);
        foreach (var extension in file.Extensions.UnorderedExtensions) AddExtension(extension);
        foreach (var service in file.Services)
        {
            AddSymbol(service);
            foreach (var method in service.Methods) AddSymbol(method);
        }

        foreach (var import in file.Dependencies) AddFile(import);
    }

    private void AddMessage(MessageDescriptor message)
    {
        AddSymbol(message);
        foreach (var field in message.Fields.InDeclarationOrder()) AddSymbol(field);
        foreach (var oneof in message.Oneofs) AddSymbol(oneof);
        foreach (var nested in message.NestedTypes) AddMessage(nested);
        foreach (var type in message.EnumTypes) AddEnum(type);
        foreach (var extension in message.Extensions.UnorderedExtensions) AddExtension(extension);
    }

    private void AddEnum(EnumDescriptor type)
    {
        AddSymbol(type);
        // In protobuf a value's scope is that of its enum, in the C# runtime's FullName it is the enum itself.
        var scope = type.FullName[..^type.Name.Length];
        foreach (var value in type.Values) symbols.TryAdd(scope + value.Name, type.File);
    }

    private void AddExtension(FieldDescriptor extension)
    {
        AddSymbol(extension);
        var extendee = extension.ExtendeeType.FullName;
        if (!extensions.TryGetValue(extendee, out var known)) extensions.Add(extendee, known = []);
        known.TryAdd(extension.FieldNumber, extension.File);
    }

    private void AddSymbol(IDescriptor symbol) => symbols.TryAdd(symbol.FullName, symbol.File);
}
