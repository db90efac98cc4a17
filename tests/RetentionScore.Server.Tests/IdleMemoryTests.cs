using RetentionScore.Core.Policy;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

/// <summary>What passes memory from calls that ended to calls that begin.</summary>
public sealed class IdleMemoryTests
{
    private static CallMemory Take(IdleMemory idle) => idle.Take(RetentionPolicy.Default, Core.Calls.CallContext.Empty, SignalReader.BuiltIn, languageSupported: true, explain: false);

    [Fact]
    public void Take_MoreReturnedThanAreKept_GivesTheLastKeptAndThenNew()
    {
        var idle = new IdleMemory();
        CallMemory[] ended = [.. Enumerable.Range(0, IdleMemory.Most + 3).Select(_ => Take(idle))];
        foreach (CallMemory memory in ended) idle.Return(memory);

        for (int i = IdleMemory.Most - 1; i >= 0; i--) Assert.Same(ended[i], Take(idle));
        Assert.DoesNotContain(Take(idle), ended);
    }

    [Fact]
    public void Take_Returned_IsNobodyElsesAgain()
    {
        var idle = new IdleMemory();
        CallMemory first = Take(idle);
        idle.Return(first);

        Assert.Same(first, Take(idle));
        Assert.NotSame(first, Take(idle));
    }
}
