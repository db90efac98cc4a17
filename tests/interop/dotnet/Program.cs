using System.Globalization;
using RetentionScore.Interop.Client;
using RetentionScore.Interop.Host;

switch (args)
{
    case ["host"]:
        await InteropHost.RunAsync();
        return 0;
    case ["client", var port, var gzipPort, var agingPort, .. var only]:
        using (var target = new Target(Parse(port), Parse(gzipPort)))
        {
            return await CaseRunner.RunAsync(target, Parse(agingPort), only);
        }

    default:
        await Console.Error.WriteLineAsync("usage: host | client PORT GZIP_PORT AGING_PORT|0 [CASE...]");
        return 2;
}

static int Parse(string port) => int.Parse(port, CultureInfo.InvariantCulture);
