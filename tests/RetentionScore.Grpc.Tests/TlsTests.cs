using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

public sealed class TlsTests
{
    [Fact]
    public async Task Https_ClientCertificateAndCallCredentials_ReachTheHandler()
    {
        using var serverCertificate = SelfSigned("localhost");
        using var clientCertificate = SelfSigned("platform-7");
        (string? Token, bool IsKnown, string Names) seen = default;
        await using var host = await EchoHost.StartAsync(
            handlers => handlers.Unary = (request, context) =>
            {
                var names = string.Join(';', context.AuthContext.Properties.Select(property => $"{property.Name}={property.Value}"));
                seen = (context.RequestHeaders.GetValue("authorization"), context.AuthContext.IsPeerAuthenticated, names);
                return Task.FromResult(Echo.Of(request));
            },
            kestrel: options => options.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(serverCertificate, https =>
            {
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.AllowAnyClientCertificate();
            })));
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(serverCertificate.RawData);
        handler.SslOptions.ClientCertificates = [clientCertificate];
        var credentials = CallCredentials.FromInterceptor((context, metadata) =>
        {
            metadata.Add("authorization", $"Bearer {context.MethodName} {context.ServiceUrl.EndsWith("/retentionscore.grpctest.v1.EchoService", StringComparison.Ordinal)}");
            return Task.CompletedTask;
        });
        using var channel = GrpcChannel.ForAddress(host.Addresses[1], new GrpcChannelOptions
        {
            HttpHandler = handler,
            Credentials = ChannelCredentials.Create(ChannelCredentials.SecureSsl, credentials),
        });
        var response = await new EchoService.EchoServiceClient(channel).UnaryAsync(new EchoRequest { Text = "tls" }).ResponseAsync.Within();
        Assert.Equal("tls", response.Text);
        Assert.Equal("Bearer Unary True", seen.Token);
        Assert.True(seen.IsKnown);
        Assert.Equal("x509_subject_alternative_name=platform-7;x509_common_name=platform-7", seen.Names);
    }

    [Fact]
    public async Task Http_CallCredentials_AreNotSentInTheClear()
    {
        var seen = "";
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (request, context) =>
        {
            seen = context.RequestHeaders.GetValue("authorization") ?? "nothing";
            return Task.FromResult(Echo.Of(request));
        });
        var credentials = CallCredentials.FromInterceptor((_, metadata) =>
        {
            metadata.Add("authorization", "secret");
            return Task.CompletedTask;
        });
        var options = new CallOptions().WithCredentials(credentials);
        await host.Client.UnaryAsync(new EchoRequest(), options).ResponseAsync.Within();
        Assert.Equal("nothing", seen);
    }

    [Fact]
    public void Credentials_UnlikeTheScheme_Throw()
    {
        Assert.ThrowsAny<Exception>(() => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { Credentials = ChannelCredentials.SecureSsl }));
        Assert.ThrowsAny<Exception>(() => GrpcChannel.ForAddress("https://localhost", new GrpcChannelOptions { Credentials = ChannelCredentials.Insecure }));
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }
}
