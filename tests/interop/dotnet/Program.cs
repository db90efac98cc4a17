using System.Globalization;
using RetentionScore.Interop;

switch (args)
{
    case ["host"]:
        await InteropHost.RunAsync();
        return 0;
    case ["client", var port, var gzipPort, .. var only]:
        return await new InteropClient(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(gzipPort, CultureInfo.InvariantCulture)).RunAsync(only);
    default:
        Console.Error.WriteLine("usage: host | client PORT GZIP_PORT [CASE...]");
        return 2;
}
