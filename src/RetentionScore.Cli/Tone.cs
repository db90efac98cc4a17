using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli;

/// <summary>What colour says, the same everywhere: green is fine, yellow to be watched, red bad, grey over. Immutable.</summary>
internal sealed class Tone
{
    /// <summary>Nothing to be done.</summary>
    public static readonly Tone Calm = new("green3");

    /// <summary>To be watched.</summary>
    public static readonly Tone Watch = new("yellow2");

    /// <summary>Bad.</summary>
    public static readonly Tone Bad = new("darkorange");

    /// <summary>As bad as it gets.</summary>
    public static readonly Tone Worst = new("red1");

    /// <summary>Over, or not there.</summary>
    public static readonly Tone Faint = new("grey50");

    /// <summary>Ours: headings and addresses.</summary>
    public static readonly Tone Accent = new("deepskyblue1");

    private readonly string colour;

    private Tone(string colour) => this.colour = colour;

    /// <summary>The colour of a band.</summary>
    public static Tone Of(RiskBand band) => band switch
    {
        RiskBand.Low => Calm,
        RiskBand.Elevated => Watch,
        RiskBand.High => Bad,
        RiskBand.Critical => Worst,
        _ => Faint,
    };

    /// <summary>The colour of a recommendation.</summary>
    public static Tone Of(Severity severity) => severity switch
    {
        Severity.Warning => Bad,
        Severity.Critical => Worst,
        Severity.Coaching => Watch,
        _ => Accent,
    };

    /// <summary>The colour of a score of 0 to 1, at the lines of the default bands.</summary>
    public static Tone OfRisk(float score) => score switch
    {
        >= 0.80f => Worst,
        >= 0.55f => Bad,
        >= 0.25f => Watch,
        _ => Calm,
    };

    /// <summary>Text in this colour, as markup; the text itself is taken as it is.</summary>
    public string Paint(string text) => $"[{colour}]{text.EscapeMarkup()}[/]";

    /// <summary>The same in bold.</summary>
    public string PaintBold(string text) => $"[bold {colour}]{text.EscapeMarkup()}[/]";
}
