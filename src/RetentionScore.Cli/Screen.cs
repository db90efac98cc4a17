using System.Globalization;
using Spectre.Console;

namespace RetentionScore.Cli;

/// <summary>Where a command writes. Results go to the output; what went wrong, and progress, to the error stream. For one thread at a time.</summary>
internal sealed class Screen
{
    // Wider than any line of ours: text for a pipe is not to be wrapped.
    private const int PipeWidth = 4000;

    /// <param name="output">For results.</param>
    /// <param name="error">For problems and progress.</param>
    /// <param name="outputIsTerminal">Whether a person watches the output; colours and redrawing only then.</param>
    /// <param name="errorIsTerminal">Whether a person watches the error stream; progress only then.</param>
    public Screen(TextWriter output, TextWriter error, bool outputIsTerminal, bool errorIsTerminal)
    {
        Output = output;
        Error = error;
        ErrorIsTerminal = errorIsTerminal;
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = outputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = outputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = outputIsTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!outputIsTerminal) Console.Profile.Width = PipeWidth;
        // Redrawing needs a terminal that understands it and a person before it: CI logs get lines.
        CanRedraw = outputIsTerminal && Console.Profile.Capabilities is { Ansi: true, Interactive: true };
    }

    /// <summary>Results, as text.</summary>
    public TextWriter Output { get; }

    /// <summary>Results, with colours where the output is a terminal.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Problems and progress.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether a live view makes sense.</summary>
    public bool CanRedraw { get; }

    /// <summary>Whether progress makes sense.</summary>
    public bool ErrorIsTerminal { get; }

    /// <summary>The screen of this process.</summary>
    public static Screen OfProcess() =>
        new(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected, !System.Console.IsErrorRedirected);

    /// <summary>Says in one line why the command fails, and with which exit code.</summary>
    public int Fail(string why, int exitCode = ExitCode.Failed)
    {
        Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"retentionscore: {why}"));
        return exitCode;
    }
}

/// <summary>What a command says to the shell.</summary>
internal static class ExitCode
{
    /// <summary>All was done.</summary>
    public const int Done = 0;

    /// <summary>Something was not done, or not all of it.</summary>
    public const int Failed = 1;

    /// <summary>The command line asks for something that there is not.</summary>
    public const int Usage = 2;
}
