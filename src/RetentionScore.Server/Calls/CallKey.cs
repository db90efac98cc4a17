namespace RetentionScore.Server.Calls;

/// <summary>What a call is found by: another tenant's call of the same id is another call.</summary>
internal readonly record struct CallKey(string Tenant, string CallId);
