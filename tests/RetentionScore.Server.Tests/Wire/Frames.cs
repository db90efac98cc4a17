using System.Buffers;
using System.Text;
using Google.Protobuf;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Tests;

/// <summary>Messages as frames, and frames as messages.</summary>
internal static class Frames
{
    internal static CallFrame Of(ScoreCallRequest request) => CallFrame.Read(new ReadOnlySequence<byte>(request.ToByteArray()));

    /// <summary>What a frame says; the detail of an event is not read.</summary>
    internal static ScoreCallRequest ToMessage(CallFrame frame)
    {
        var message = new ScoreCallRequest();
        switch (frame.Member)
        {
            case FrameMember.Start:
                message.Start = frame.Start;
                break;
            case FrameMember.Utterance:
                message.Utterance = new Utterance
                {
                    Seq = frame.Seq,
                    Speaker = frame.Speaker,
                    Text = Encoding.UTF8.GetString(frame.Text),
                    Interim = frame.Interim,
                    CorrectsSeq = frame.CorrectsSeq,
                    UtteranceId = Encoding.UTF8.GetString(frame.UtteranceId.Span),
                };
                if (frame.StartMs is { } start) message.Utterance.StartMs = start;
                if (frame.EndMs is { } end) message.Utterance.EndMs = end;
                if (frame.AsrConfidence is { } confidence) message.Utterance.AsrConfidence = confidence;
                break;
            case FrameMember.Event:
                message.Event = new CallEvent
                {
                    Seq = frame.Seq,
                    Kind = frame.Kind,
                    Context = frame.Context,
                    RecommendationId = Encoding.UTF8.GetString(frame.RecommendationId),
                };
                if (frame.AtMs is { } at) message.Event.AtMs = at;
                break;
            case FrameMember.End:
                message.End = new CallEnd { Seq = frame.Seq, Disposition = frame.Disposition };
                if (frame.AtMs is { } endedAt) message.End.AtMs = endedAt;
                break;
            case FrameMember.Heartbeat:
                message.Heartbeat = new Heartbeat { Flush = frame.Flush };
                break;
        }

        return message;
    }
}
