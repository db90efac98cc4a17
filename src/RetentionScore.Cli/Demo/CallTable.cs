using System.Collections.Immutable;
using System.Text;
using RetentionScore.Cli.Calls;
using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli.Demo;

/// <summary>All calls as lines of markup, one a call. On a narrow terminal the less telling columns are left out.</summary>
internal sealed class CallTable
{
    private const int TitleWidth = 23, LineWidth = 16, TimeWidth = 5, StageWidth = 12, BandWidth = 8, Gap = 2;
    private const int ShortestCut = 8;
    private const int RoomyWidth = 124, MiddleWidth = 100;
    private readonly bool isRoomy, isNarrow;
    private readonly int width, adviceWidth;

    /// <summary>A table for a terminal of that many columns.</summary>
    public CallTable(int width)
    {
        this.width = width;
        isRoomy = width >= RoomyWidth;
        isNarrow = width < MiddleWidth;
        int[] columns = [TitleWidth, TimeWidth, Gauge.Width, BandWidth, .. isNarrow ? [] : (int[])[StageWidth, Gauge.Width], .. isRoomy ? (int[])[LineWidth, Gauge.Width] : []];
        adviceWidth = Math.Max(8, width - 1 - columns.Sum() - columns.Length * Gap);
    }

    /// <summary>Lines that the table takes besides one for each call.</summary>
    public const int LinesBesides = 3;

    /// <summary>Head, calls, and a rule after each of the two.</summary>
    public string Draw(ImmutableArray<Lane> lanes)
    {
        string rule = $"[grey30]{new string('─', width)}[/]";
        return string.Join('\n', lanes.Select(Row).Prepend(rule).Prepend(Head()).Append(rule));
    }

    private string Head()
    {
        var head = new StringBuilder(" ");
        void Add(string name, int columns) => head.Append(Fit(name, columns)).Append(' ', Gap);
        Add("call", TitleWidth);
        if (isRoomy) Add("line of business", LineWidth);
        Add(" time", TimeWidth);
        if (!isNarrow) Add("stage", StageWidth);
        if (!isNarrow) Add("leaving", Gauge.Width);
        Add("held back", Gauge.Width);
        if (isRoomy) Add("bad end", Gauge.Width);
        Add("band", BandWidth);
        return $"[grey62]{head}recommended now[/]";
    }

    private string Row(Lane lane)
    {
        RiskScores? risk = lane.Latest?.Risk;
        RiskBand band = lane.Latest?.Band ?? RiskBand.Unspecified;
        bool isOver = lane.Summary is not null || lane.NowMs < 0;
        var row = new StringBuilder(" ");
        void Add(string cell) => row.Append(cell).Append(' ', Gap);
        string title = Fit(lane.Title, TitleWidth);
        Add(isOver ? Tone.Faint.Paint(title) : $"[bold grey93]{title.EscapeMarkup()}[/]");
        if (isRoomy) Add(Tone.Faint.Paint(Fit(lane.Line, LineWidth)));
        Add(Tone.Faint.Paint(lane.NowMs < 0 ? new string(' ', TimeWidth) : Wording.Clock(lane.NowMs).PadLeft(TimeWidth)));
        if (!isNarrow) Add(Stage(lane.Tally.Stage));
        if (!isNarrow) Add(Gauge.OfWish(risk?.CancelIntent));
        Add(Gauge.OfRisk(risk?.RetentionPressure));
        if (isRoomy) Add(Gauge.OfRisk(risk?.Overall));
        string bandName = Fit(Wording.Band(band), BandWidth);
        Add(band >= RiskBand.High ? Tone.Of(band).PaintBold(bandName) : Tone.Of(band).Paint(bandName));
        return row + Advice(lane);
    }

    private static string Stage(CancelStage stage)
    {
        string name = Fit(Wording.Stage(stage), StageWidth);
        return stage switch
        {
            CancelStage.Repeated => Tone.Bad.Paint(name),
            CancelStage.Requested or CancelStage.Hinted => Tone.Watch.Paint(name),
            CancelStage.Acknowledged or CancelStage.Confirmed => Tone.Calm.Paint(name),
            _ => Tone.Faint.Paint(name),
        };
    }

    /// <summary>The gravest first, whoever is meant, as much as there is room for: nothing hides a TAKE OVER.</summary>
    private string Advice(Lane lane)
    {
        if (lane.Problem is not null) return Tone.Worst.Paint(Wording.Cut(lane.Problem, adviceWidth));
        if (lane.NowMs < 0) return Tone.Faint.Paint(Wording.Cut("rings soon", adviceWidth));
        if (lane.Summary is { } summary) return Tone.Faint.Paint(Wording.Cut("ended: " + ContractNames.Spoken(summary.Disposition), adviceWidth));
        var advice = new StringBuilder();
        int left = adviceWidth;
        foreach (Recommendation recommendation in lane.InForce.OrderByDescending(recommendation => recommendation.Severity))
        {
            string text = (recommendation.Audience == Audience.Supervisor ? "▲ " : "") + Wording.Action(recommendation);
            if (left < Math.Min(text.Length, ShortestCut)) continue;
            text = Wording.Cut(text, left);
            if (advice.Length > 0) advice.Append(' ');
            Tone tone = Tone.Of(recommendation.Severity);
            advice.Append(recommendation.Severity >= Severity.Warning ? tone.PaintBold(text) : tone.Paint(text));
            left -= text.Length + 1;
        }

        return advice.ToString();
    }

    private static string Fit(string text, int columns) => Wording.Cut(text, columns).PadRight(columns);
}
