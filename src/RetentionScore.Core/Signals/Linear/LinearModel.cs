#pragma warning disable RS0030 // reads its own embedded resource

namespace RetentionScore.Core.Signals.Linear;

/// <summary>A learned model of signals: a side for customers, one for agents. Immutable, shared by all calls.</summary>
/// <param name="name">Told to clients as part of the version, e.g. "linear-1".</param>
/// <param name="customer">Heads of the customer's signals.</param>
/// <param name="agent">Heads of the agent's signals.</param>
internal sealed class LinearModel(string name, LinearTables customer, LinearTables agent)
{
    private readonly LinearSide _customer = new(customer), _agent = new(agent);

    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>The model that is built in; null where the build has none.</summary>
    public static LinearModel? BuiltIn { get; } = LoadBuiltIn();

    /// <summary>The side of a speaker; null for an unknown one.</summary>
    public LinearSide? SideOf(Speaker speaker) => speaker switch
    {
        Speaker.Customer => _customer,
        Speaker.Agent or Speaker.Supervisor or Speaker.Bot => _agent,
        _ => null,
    };

    private static LinearModel? LoadBuiltIn()
    {
        using var stream = typeof(LinearModel).Assembly.GetManifestResourceStream("weights.bin");
        if (stream is null) return null;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var (model, problem) = LinearFile.Read(bytes);
        return model ?? throw new FormatException($"the built-in weights: {problem}");
    }
}
