using System.Globalization;
using RetentionScore.Interop.Client;
using RetentionScore.Interop.Host;

switch (args)
{
    case ["host"]:
        await InteropHost.RunAsync();
        return 0;
    case ["client", var port, var gzipPort, .. var only]:
        using (var target = new Target(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(gzipPort, CultureInfo.InvariantCulture)))
        {
            return await CaseRunner.RunAsync(target, only);
        }

    default:
        await Console.Error.WriteLineAsync("usage: host | client PORT GZIP_PORT [CASE...]");
        return 2;
}
