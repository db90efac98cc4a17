using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

/// <summary>What is logged of calls. Never their messages.</summary>
internal static partial class CallLog
{
    [LoggerMessage(1, LogLevel.Error, "Error when executing service method '{Method}'.")]
    internal static partial void Threw(ILogger logger, string method, Exception exception);

    [LoggerMessage(2, LogLevel.Debug, "Service method '{Method}' ended by an exception after its client had left or its deadline had passed.")]
    internal static partial void Left(ILogger logger, string method, Exception exception);

    /// <summary>One line: whoever sends rubbish must not fill the log with stacks.</summary>
    [LoggerMessage(4, LogLevel.Information, "Service method '{Method}' got a request that its deserializer does not read: {Exception}.")]
    internal static partial void Unreadable(ILogger logger, string method, Type exception);

    [LoggerMessage(3, LogLevel.Information, "Service method '{Method}' ended with {StatusCode}.")]
    internal static partial void Failed(ILogger logger, string method, StatusCode statusCode, Exception exception);
}
