using Grpc.Core;

namespace RetentionScore.Client;

/// <summary>Carries each call on a stream of its own. Safe for any thread.</summary>
internal sealed class StreamCarrier(Nodes nodes) : ICarrier
{
    public IAttachment? Attach(uint node, string callId, Signal signal, out CallRefusal? refusal)
    {
        refusal = null;
        if (nodes.Enter(node) is not { } connection)
        {
            refusal = CallRefusal.Closed;
            return null;
        }

        try
        {
            return new StreamAttachment(nodes, connection, callId, signal);
        }
        catch (Exception exception) when (exception is InvalidOperationException or RpcException)
        {
            connection.Leave();
            refusal = CallRefusal.Own(exception.Message);
            return null;
        }
    }
}
