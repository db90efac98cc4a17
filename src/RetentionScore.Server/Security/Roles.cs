namespace RetentionScore.Server.Security;

/// <summary>What a caller may do.</summary>
[Flags]
internal enum Roles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Score calls and transcripts, ask what the server can do.</summary>
    Telephony = 1,

    /// <summary>Ask what the server can do.</summary>
    Supervisor = 2,

    /// <summary>Everything.</summary>
    Admin = 4,

    /// <summary>Read /metrics.</summary>
    Metrics = 8,

    /// <summary>All of them.</summary>
    All = Telephony | Supervisor | Admin | Metrics,
}

/// <summary>The names of roles in key files and tokens.</summary>
internal static class RoleNames
{
    /// <summary>All that may be said.</summary>
    internal const string Choice = "telephony, supervisor, admin or metrics";

    /// <summary>Reads a name.</summary>
    internal static bool TryParse(string name, out Roles role)
    {
        role = name switch
        {
            "telephony" => Roles.Telephony,
            "supervisor" => Roles.Supervisor,
            "admin" => Roles.Admin,
            "metrics" => Roles.Metrics,
            _ => Roles.None,
        };
        return role != Roles.None;
    }
}
