using Google.Protobuf;
using Grpc.Core;
using RetentionScore.Fuzz.Inputs;
using RetentionScore.V1;

namespace RetentionScore.Fuzz;

/// <summary>What may come back of anything at all, and what must of an input whose fault is known.</summary>
internal static class Verdict
{
    private static readonly Dictionary<StatusCode, string[]> Reasons = new()
    {
        [StatusCode.InvalidArgument] = ["INVALID_MESSAGE"],
        [StatusCode.NotFound] = ["UNKNOWN_POLICY"],
        [StatusCode.AlreadyExists] = ["CALL_EXISTS"],
        [StatusCode.FailedPrecondition] = ["SEQUENCE_GAP", "HISTORY_LOST", "CALL_ENDED"],
        [StatusCode.ResourceExhausted] = ["TOO_MANY", "SLOW_CONSUMER"],
        [StatusCode.Aborted] = ["SUPERSEDED"],
        [StatusCode.PermissionDenied] = ["FORBIDDEN"],
    };

    /// <summary>Null where all is well.</summary>
    internal static string? Of(Input input, Answer answer)
    {
        if (input.IsAbandoned) return null;
        if (input.IsRough) return answer.Http is >= (System.Net.HttpStatusCode)500 ? "HTTP 5xx" : null;
        if (answer.Status is not { } status) return "no gRPC status";
        if (answer.Payloads is not { } payloads) return "the answer is no row of frames";
        bool isOurs = input.Path.StartsWith("/retentionscore.v1.", StringComparison.Ordinal);
        string? problem = isOurs ? Ours(input, answer, status) : status is StatusCode.OK or StatusCode.NotFound or StatusCode.Unknown ? null : "a status that health and reflection do not have";
        if (input.Path == Draw.Call) problem ??= OfCall(input.Expected, payloads);
        else if (input.Kind == "trunk") problem ??= OfTrunk(payloads);
        return problem ?? AsExpected(input.Expected, answer);
    }

    private static string? Ours(Input input, Answer answer, StatusCode status)
    {
        bool readsItself = input.Path.EndsWith("/ScoreCall", StringComparison.Ordinal) || input.Path.EndsWith("/ScoreCalls", StringComparison.Ordinal);
        switch (status)
        {
            case StatusCode.OK:
                return null;
            case StatusCode.Unimplemented when input.Kind == "metadata":
            case StatusCode.DeadlineExceeded when input.Kind == "metadata":
            case StatusCode.ResourceExhausted or StatusCode.Internal when !readsItself && answer.Info is null && input.IsBrokenFrame:
                return null;
            default:
                if (!Reasons.TryGetValue(status, out string[]? reasons)) return "a status that is not in the table";
                if (answer.Info is not { } info) return "no ErrorInfo";
                if (!reasons.Contains(info.Type)) return "a reason that does not go with the status";
                if (!info.Metadata.TryGetValue("field", out string? field) || field.Length == 0) return "the field is not named";
                if (!info.Metadata.ContainsKey("limit")) return "the limit is not named";
                return status == StatusCode.ResourceExhausted && !answer.HasRetry ? "no RetryInfo" : null;
        }
    }

    private static string? OfCall(Expected expected, List<byte[]> payloads)
    {
        int updates = 0;
        bool isFlagged = expected.Flag is null;
        foreach (byte[] payload in payloads)
        {
            ScoreCallResponse response;
            try
            {
                response = ScoreCallResponse.Parser.ParseFrom(payload);
            }
            catch (InvalidProtocolBufferException)
            {
                return "an answer is no ScoreCallResponse";
            }

            if (response.Update is not { } update) continue;
            updates++;
            if (update.Risk is { } risk && !IsSound(risk)) return $"risk is out of its range: {risk}";
            if (!float.IsFinite(update.Trend)) return "trend is no number";
            isFlagged |= update.Seq == expected.FlagSeq && update.Degraded.Contains(expected.Flag ?? Degradation.Unspecified);
        }

        if (!isFlagged) return $"{expected.Flag} is not flagged";
        return expected.Updates is { } wanted && updates != wanted ? $"{updates} updates in place of {wanted}" : null;
    }

    /// <summary>The errors of single calls say what a status would.</summary>
    private static string? OfTrunk(List<byte[]> payloads)
    {
        foreach (byte[] payload in payloads)
        {
            ScoreCallsResponse response;
            try
            {
                response = ScoreCallsResponse.Parser.ParseFrom(payload);
            }
            catch (InvalidProtocolBufferException)
            {
                return "an answer is no ScoreCallsResponse";
            }

            foreach (CallReply reply in response.Replies)
            {
                if (reply.Response?.Update?.Risk is { } risk && !IsSound(risk)) return $"risk is out of its range: {risk}";
                if (reply.Error is not { } error) continue;
                if (!Reasons.TryGetValue((StatusCode)error.Code, out string[]? reasons)) return $"a call's error has a code that is not in the table: {error}";
                if (!reasons.Contains(error.Reason)) return $"a call's error has a reason that does not go with its code: {error}";
                if (error.Message.Length == 0 || error.Reason == "INVALID_MESSAGE" && error.Field.Length == 0) return $"a call's error does not name the field: {error}";
            }
        }

        return null;
    }

    private static string? AsExpected(Expected expected, Answer answer)
    {
        if (expected.Status is { } status && answer.Status != status) return $"{status} was expected";
        return expected.Field is { } field && answer.Info?.Metadata.GetValueOrDefault("field") != field ? $"the field {field} was expected" : null;
    }

    private static bool IsSound(RiskScores risk) =>
        new[] { risk.Overall, risk.OverallLow, risk.OverallHigh, risk.CancelIntent, risk.Frustration, risk.RetentionPressure, risk.Escalation, risk.Exposure, risk.SaveLikelihood }
            .All(score => score is >= 0 and <= 1);
}
