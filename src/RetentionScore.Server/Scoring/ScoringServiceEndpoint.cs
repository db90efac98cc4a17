using System.Globalization;
using System.Reflection;
using System.Threading.RateLimiting;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using RetentionScore.Core.Risk;
using RetentionScore.Server.Draining;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring.Trunk;
using RetentionScore.Server.Scoring.Wire;
using RetentionScore.Server.Security;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// retentionscore.v1.ScoringService: the edge between gRPC and ours. No state; an object is made for each call. What a method returns as a refusal,
/// and what it throws, becomes a status here and nowhere else.
/// </summary>
internal sealed partial class ScoringServiceEndpoint(
    CallStreamServices services, TranscriptScorer transcripts, PolicySet policies, SignalModels models, ILogger<ScoringServiceEndpoint> logger)
    : ScoringServiceBase
{
    private const int MaxChunkBytes = 32 * 1024;
    private const int MaxCorrectionDepth = 64;
    private const int LongTranscript = 256;

    private static readonly Task Never = new TaskCompletionSource().Task;

    /// <summary>Bytes that are no protobuf of their method's type.</summary>
    internal static Refusal NoMessage { get; } = Refusal.Invalid("message", null, "one of retentionscore.v1", "no protobuf of its type");

    internal static string Version { get; } = typeof(ScoringServiceEndpoint).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>One call on one stream: <see cref="CallStream"/>.</summary>
    public override async Task ScoreCall(
        IAsyncStreamReader<CallFrame> requestStream, IServerStreamWriter<CallAnswer> responseStream, ServerCallContext context)
    {
        var stream = new CallStream(services, requestStream, responseStream, CallerOf(context), context);
        Refusal? refusal = await GuardAsync(stream.RunAsync(), context);
        services.Metrics.StreamEnded(refusal, stream.CallHasEnded, context.CancellationToken.IsCancellationRequested);
        await stream.LeaveAsync();
        refusal?.End(context);
    }

    /// <summary>Many calls on one stream: <see cref="CallTrunk"/>.</summary>
    public override async Task ScoreCalls(
        IAsyncStreamReader<TrunkRequest> requestStream, IServerStreamWriter<CallAnswer> responseStream, ServerCallContext context)
    {
        var trunk = new CallTrunk(services, requestStream, responseStream, CallerOf(context), context, Log);
        Refusal? refusal = await GuardAsync(trunk.RunAsync(), context);
        services.Metrics.StreamEnded(refusal, trunk.CallsHaveEnded, context.CancellationToken.IsCancellationRequested);
        await trunk.LeaveAsync();
        refusal?.End(context);
    }

    /// <summary>A whole transcript, answered in chunks.</summary>
    public override async Task ScoreTranscript(
        V1.ScoreTranscriptRequest request, IServerStreamWriter<V1.ScoreTranscriptResponse> responseStream, ServerCallContext context)
    {
        var reader = new SlowReader(services.Options.Calls.SlowConsumer, services.Options.Calls.RetryAfter, services.Time);
        Refusal? refusal = await GuardAsync(
            ScoreTranscriptAsync(request, responseStream, CallerOf(context), reader, context.CancellationToken), context);
        if (refusal is null) return;
        services.Metrics.Refused(refusal);
        await reader.LeaveAsync(context);
        refusal.End(context);
    }

    /// <summary>What this server can do.</summary>
    public override Task<V1.GetServerInfoResponse> GetServerInfo(V1.GetServerInfoRequest request, ServerCallContext context)
    {
        ServerOptions options = services.Options;
        var info = new V1.GetServerInfoResponse
        {
            ServerVersion = Version,
            ModelVersion = models.Current.Version,
            Policies = { policies.Names },
            Languages = { "en" },
            Node = options.Node,
            Limits = new V1.Limits
            {
                MaxLiveCalls = (uint)options.Limits.MaxLiveCalls,
                MaxCallsPerTrunk = (uint)options.Limits.MaxCallsPerTrunk,
                MaxBatch = (uint)options.Limits.MaxBatch,
                MaxTextChars = (uint)options.Limits.MaxTextChars,
                MaxCorrectionDepth = MaxCorrectionDepth,
                MaxTranscriptMessages = (uint)options.Limits.MaxTranscriptMessages,
                ResumeWindowS = (uint)options.Calls.ResumeWindow.TotalSeconds,
                IdleTimeoutS = (uint)options.Calls.IdleTimeout.TotalSeconds,
            },
        };
        Calibration calibration = policies.Find("")!.Calibration;
        foreach (Score score in Enum.GetValues<Score>())
        {
            Platt platt = calibration[score];
            info.Calibrations.Add(new V1.ScoreCalibration
            {
                Score = UpdateMessage.ScoreNames[(int)score],
                Basis = (V1.CalibrationBasis)platt.Basis,
                Data = platt.Data,
                N = (uint)platt.Count,
                Slope = (float)platt.Scale,
                Offset = (float)platt.Offset,
            });
        }

        return Task.FromResult(info);
    }

    /// <summary>Whom <see cref="Guard"/> let in.</summary>
    private static Caller CallerOf(ServerCallContext context) => context.GetHttpContext().Features.GetRequiredFeature<Caller>();

    private async Task<Refusal?> ScoreTranscriptAsync(
        V1.ScoreTranscriptRequest request, IServerStreamWriter<V1.ScoreTranscriptResponse> responses, Caller caller, SlowReader reader, CancellationToken cancellation)
    {
        if (request.Start is null) return Refusal.Invalid("start", null, "set");
        int most = services.Options.Limits.MaxTranscriptMessages;
        if (request.Messages.Count > most)
        {
            string count = request.Messages.Count.ToString(CultureInfo.InvariantCulture);
            return Refusal.Invalid("messages", count, $"{most} or fewer", count);
        }

        if (services.Phase.Now == Phase.Starting) return services.NotReady();
        using RateLimitLease turn = await services.Admission.TranscriptAsync(cancellation);
        if (!turn.IsAcquired) return services.Admission.TooManyTranscripts();
        ScoredTranscript scored = await ScoreAsync(request, caller);
        if (scored.Refusal is not null) return scored.Refusal;
        var chunk = new V1.ScoreTranscriptResponse();
        int bytes = 0;
        foreach (V1.ScoreUpdate update in scored.Updates)
        {
            int size = update.CalculateSize();
            if (bytes > 0 && bytes + size > MaxChunkBytes)
            {
                if (await WriteAsync() is { } slow) return slow;
                chunk = new V1.ScoreTranscriptResponse();
                bytes = 0;
            }

            chunk.Updates.Add(update);
            bytes += size;
        }

        chunk.Summary = scored.Summary;
        return await WriteAsync();

        ValueTask<Refusal?> WriteAsync()
        {
            Task writing = responses.WriteAsync(chunk, CancellationToken.None); // a token would cut a message in two
            return writing.IsCompletedSuccessfully ? default : reader.WaitAsync(writing, Never);
        }
    }

    /// <summary>A long one takes a thread of its own, so that live calls do not wait behind it.</summary>
    private Task<ScoredTranscript> ScoreAsync(V1.ScoreTranscriptRequest request, Caller caller) => request.Messages.Count < LongTranscript
        ? Task.FromResult(transcripts.Score(request.Start, request.Messages, caller))
        : Task.Factory.StartNew(
            () => transcripts.Score(request.Start, request.Messages, caller), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The one catch: what was thrown becomes a refusal, or nothing where the client left.</summary>
    private async Task<Refusal?> GuardAsync(Task<Refusal?> serving, ServerCallContext context)
    {
        try
        {
            return await serving;
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            // The client left, or its deadline passed: whatever was thrown says only that.
            return null;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.ResourceExhausted && exception.Trailers.Count == 0)
        {
            return Refusal.TooLong(services.Options.Limits.MaxMessageBytes);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Internal)
        {
            return Refusal.BrokenFrame;
        }
        catch (RpcException)
        {
            // An encoding that is not known, a message that is none: the status says it all.
            throw;
        }
        catch (InvalidDataException)
        {
            return NoMessage;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The connection broke before the token knew.
            return null;
        }
        catch (Exception exception)
        {
            Log(exception);
            return new Refusal(RefusalReason.Internal, "internal error");
        }
    }

    /// <summary>Type and stack only: a message could quote what was said.</summary>
    private void Log(Exception exception) => Failed(logger, exception.GetType().FullName ?? "", exception.StackTrace ?? "");

    [LoggerMessage(1, LogLevel.Error, "A call failed with {ExceptionType}.\n{Stack}")]
    private static partial void Failed(ILogger logger, string exceptionType, string stack);
}
