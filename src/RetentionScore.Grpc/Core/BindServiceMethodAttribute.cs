namespace Grpc.Core;

/// <summary>
/// On the base class of a service: the static method, <c>void Name(ServiceBinderBase, TBase)</c>, that adds the service's methods to a binder.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public class BindServiceMethodAttribute : Attribute
{
    /// <summary>Names the method.</summary>
    /// <param name="bindType">The class it is on.</param>
    /// <param name="bindMethodName">Its name.</param>
    public BindServiceMethodAttribute(Type bindType, string bindMethodName)
    {
        BindType = bindType;
        BindMethodName = bindMethodName;
    }

    /// <summary>The class that the method is on.</summary>
    public Type BindType { get; }

    /// <summary>The method's name.</summary>
    public string BindMethodName { get; }
}
