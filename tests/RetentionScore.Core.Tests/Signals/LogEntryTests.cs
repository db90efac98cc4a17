using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Tests.Signals;

public class LogEntryTests
{
    private static LogEntry Taken(SignalReading reading, byte confidence = 255)
    {
        var entry = new LogEntry { Kind = EntryKind.Utterance, Confidence = confidence };
        entry.Take(reading);
        return entry;
    }

    [Fact]
    public void BeliefBelowTheDecision_IsKeptAndDoesNotMoveTheDialogue()
    {
        var reading = new SignalReading();
        reading.Believe(Signal.CancelHint, 0.6f, head: 0);
        LogEntry entry = Taken(reading);
        Assert.Equal(0.6, entry[Signal.CancelHint], 0.002);
        Assert.False(entry.Has(Signal.CancelHint));
    }

    [Fact]
    public void SurePhrase_StaysSure_WhateverTheModelBelieves()
    {
        var reading = new SignalReading();
        reading.Raise(Signal.CancelRequest, 0.9f, 0, 4);
        reading.Believe(Signal.CancelRequest, 0.2f, head: 0);
        Assert.Equal(0.9f, reading[Signal.CancelRequest]);
        Assert.Equal((0, 4), reading.Span(Signal.CancelRequest));
        Assert.True(Taken(reading).Has(Signal.CancelRequest));
    }

    [Fact]
    public void WeakPhrase_IsBelievedAsTheModelSays()
    {
        var reading = new SignalReading();
        reading.Raise(Signal.CancelRequest, 0.4f, 0, 4);
        reading.Believe(Signal.CancelRequest, 0.15f, head: 0);
        Assert.Equal(0.15f, reading[Signal.CancelRequest]);
    }

    [Fact]
    public void DoubtfulWords_AreNoDecision()
    {
        var reading = new SignalReading();
        reading.Raise(Signal.CancelRequest, 0.9f, 0, 4);
        LogEntry entry = Taken(reading, confidence: 0);
        Assert.False(entry.Has(Signal.CancelRequest));
        Assert.Equal(0.36, entry[Signal.CancelRequest], 0.002);
    }

    [Fact]
    public void MoreSignalsThanKept_TheSureAndTheStrongestStay()
    {
        var reading = new SignalReading();
        for (Signal s = Signal.CancelRequest; s <= Signal.Gratitude; s++) reading.Believe(s, 0.11f + (0.02f * (int)s), head: 0);
        reading.Raise(Signal.CancelRequest, 0.55f, 0, 1);
        LogEntry entry = Taken(reading);
        Assert.True(entry.Has(Signal.CancelRequest));
        Assert.Equal(0, entry[Signal.CancelOther]);
        Assert.Equal(0.11 + (0.02 * (int)Signal.Gratitude), entry[Signal.Gratitude], 0.003);
        Assert.Equal(LogEntry.MostSignals, Enumerable.Range(0, LogEntry.MostSignals).Count(i => entry.KeptAt(i).Signal != Signal.None));
    }

    [Fact]
    public void WhatTheDialogueRulesOut_IsNotBelieved()
    {
        var reading = new SignalReading();
        reading.Raise(Signal.CancelRequest, 0.9f, 0, 4);
        reading.Believe(Signal.CancelRequest, 0.95f, head: 0);
        reading.RuleOut(Signal.CancelRequest);
        Assert.Equal(0f, reading[Signal.CancelRequest]);
        Assert.False(Taken(reading).Has(Signal.CancelRequest));
    }
}
