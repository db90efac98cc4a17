namespace Grpc.Core;

/// <summary>How a call ended, as the numbers that go over the wire in <c>grpc-status</c>.</summary>
public enum StatusCode
{
    /// <summary>Success.</summary>
    OK = 0,

    /// <summary>Cancelled, typically by the caller.</summary>
    Cancelled = 1,

    /// <summary>No better status is known: an exception out of a handler, a status number of a later version.</summary>
    Unknown = 2,

    /// <summary>The request is wrong whatever the state of the system is.</summary>
    InvalidArgument = 3,

    /// <summary>The time given to the call ran out.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for is not there.</summary>
    NotFound = 5,

    /// <summary>What should be made is there already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known and may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A quota or a size limit is used up.</summary>
    ResourceExhausted = 8,

    /// <summary>The system is not in the state that the call needs; retrying alone does not help.</summary>
    FailedPrecondition = 9,

    /// <summary>A conflict with another call ended this one.</summary>
    Aborted = 10,

    /// <summary>Past the valid range.</summary>
    OutOfRange = 11,

    /// <summary>Not offered by this server: service, method or encoding.</summary>
    Unimplemented = 12,

    /// <summary>An invariant is broken: a bug, or a peer that breaks the protocol.</summary>
    Internal = 13,

    /// <summary>Not reachable now; retrying with back-off may help.</summary>
    Unavailable = 14,

    /// <summary>Data is lost for good.</summary>
    DataLoss = 15,

    /// <summary>The caller is not known: credentials are missing or wrong.</summary>
    Unauthenticated = 16,
}
