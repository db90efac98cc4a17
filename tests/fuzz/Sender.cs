using System.Net;
using System.Net.Http.Headers;

namespace RetentionScore.Fuzz;

/// <summary>Sends inputs as they are, over a few connections; what may cost a connection has one of its own.</summary>
internal sealed class Sender : IDisposable
{
    private const int Connections = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Uri server;
    private readonly HttpClient[] clients;

    internal Sender(Uri server)
    {
        this.server = server;
        clients = [.. Enumerable.Range(0, Connections).Select(_ => Client())];
    }

    internal async Task<Answer> SendAsync(Input input, int worker)
    {
        using HttpClient? own = input.IsRough ? Client() : null;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, input.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(input.Body),
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(input.ContentType);
        request.Headers.TE.ParseAdd("trailers");
        foreach ((string name, string value) in input.Headers) request.Headers.TryAddWithoutValidation(name, value);
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            using HttpResponseMessage response = await (own ?? clients[worker % Connections]).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return input.IsAbandoned ? Answer.Broken("left") : await Answer.ReadAsync(response, limit.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return Answer.Broken((exception.InnerException ?? exception).Message);
        }
        catch (OperationCanceledException)
        {
            return Answer.Broken($"no end within {Limit.TotalSeconds} s");
        }
    }

    public void Dispose()
    {
        foreach (HttpClient client in clients) client.Dispose();
    }

    private static HttpClient Client() => new(new SocketsHttpHandler { EnableMultipleHttp2Connections = false }) { Timeout = Timeout.InfiniteTimeSpan };
}
