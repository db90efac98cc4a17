using System.Reflection;
using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>Finds the methods of a service: through the attribute on its base class, the public static method it names, and a binder.</summary>
internal static class ServiceDiscovery
{
    /// <exception cref="InvalidOperationException">The type has no such base class, or the base no such method.</exception>
    internal static void Bind(Type serviceType, ServiceBinderBase binder)
    {
        for (var type = serviceType; type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is not { } attribute) continue;
            var bind = attribute.BindType.GetMethod(
                attribute.BindMethodName,
                BindingFlags.Static | BindingFlags.Public,
                [typeof(ServiceBinderBase), type]);
            if (bind is null) break;

            // Without a service object: handlers are found by name, on an object that is made for each call.
            bind.Invoke(obj: null, BindingFlags.DoNotWrapExceptions, binder: null, [binder, null], culture: null);
            return;
        }

        throw new InvalidOperationException($"Cannot locate BindService(ServiceBinderBase, ServiceBase) method for the service type: {serviceType}.");
    }

    /// <summary>The method of a service that handles an rpc, found by its name and signature, as a delegate that takes the service object first.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    internal static TDelegate Handler<TDelegate>(Type serviceType, IMethod rpc)
        where TDelegate : Delegate
    {
        var invoke = typeof(TDelegate).GetMethod("Invoke")!;
        Type[] parameters = [.. invoke.GetParameters().Skip(1).Select(parameter => parameter.ParameterType)];
        for (var type = serviceType; type is not null; type = type.BaseType)
        {
            var method = type.GetMethod(
                rpc.Name,
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly,
                parameters);
            if (method is not null && method.ReturnType == invoke.ReturnType) return method.CreateDelegate<TDelegate>();
        }

        throw new InvalidOperationException($"{serviceType} has no method for {rpc.FullName}.");
    }
}
