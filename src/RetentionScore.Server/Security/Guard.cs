using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Security;

/// <summary>
/// Stands before every endpoint of both ports: finds out who calls and whether it may. Open to everybody are the standard health service, /healthz and
/// /readyz, which balancers and probes ask without credentials, nor a certificate where there is mutual TLS, and which say nothing of calls. What a caller
/// may not do is refused before a service sees it.
/// </summary>
internal sealed class Guard(RequestDelegate next, Authentication authentication, ServerOptions options, ServerMetrics metrics)
{
    private readonly bool isMutual = options.Tls.ClientCaPath is not null;

    /// <summary>Serves a request, or refuses it.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        Roles needed = Needed(context.Request.Path);
        if (needed == Roles.None)
        {
            context.Features.Set(Caller.Anonymous);
            return next(context);
        }

        // Nothing is kept here for as long as a stream lives.
        if (isMutual && context.Connection.ClientCertificate is null)
            return AdmitAsync(context, needed, (null, new Refusal(RefusalReason.Unauthenticated, "the client's certificate is missing") { Field = "credentials", Limit = "a certificate of Tls:ClientCaPath" }));
        ValueTask<(Caller? Caller, Refusal? Refusal)> identifying = authentication.IdentifyAsync(context);
        return identifying.IsCompletedSuccessfully ? AdmitAsync(context, needed, identifying.Result) : IdentifyAsync(context, needed, identifying);
    }

    private async Task IdentifyAsync(HttpContext context, Roles needed, ValueTask<(Caller? Caller, Refusal? Refusal)> identifying) =>
        await AdmitAsync(context, needed, await identifying.ConfigureAwait(false)).ConfigureAwait(false);

    private Task AdmitAsync(HttpContext context, Roles needed, (Caller? Caller, Refusal? Refusal) found)
    {
        var (caller, refusal) = found;
        if (authentication.IsOn && caller is not null && !caller.Has(needed))
        {
            refusal = new Refusal(RefusalReason.Forbidden, $"the credential has none of the roles that {context.Request.Path} needs")
            {
                Field = "credentials",
                Limit = needed.ToString().ToLowerInvariant(),
            };
        }

        if (refusal is null)
        {
            context.Features.Set(caller);
            return next(context);
        }

        metrics.Refused(refusal);
        if (!IsGrpc(context.Request)) return RefuseAsync(context.Response, refusal);
        refusal.End(context.Response);
        return Task.CompletedTask;
    }

    /// <summary>One of these roles; none where everybody may.</summary>
    private static Roles Needed(PathString path)
    {
        if (path.StartsWithSegments("/retentionscore.v1.ScoringService", StringComparison.Ordinal, out PathString method))
            return method == "/GetServerInfo" ? Roles.Telephony | Roles.Supervisor : Roles.Telephony;
        if (path.StartsWithSegments("/metrics", StringComparison.Ordinal)) return Roles.Metrics;
        bool isOpen = path == "/healthz" || path == "/readyz" || path.StartsWithSegments("/grpc.health.v1.Health", StringComparison.Ordinal);
        return isOpen ? Roles.None : Roles.All;
    }

    private static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    private static Task RefuseAsync(HttpResponse response, Refusal refusal)
    {
        response.StatusCode = refusal.Reason switch
        {
            RefusalReason.Forbidden => StatusCodes.Status403Forbidden,
            RefusalReason.Unauthenticated => StatusCodes.Status401Unauthorized,
            _ => StatusCodes.Status503ServiceUnavailable,
        };
        if (refusal.Reason == RefusalReason.Unauthenticated) response.Headers.WWWAuthenticate = "Bearer";
        return response.WriteAsync(refusal.Message + "\n");
    }
}
