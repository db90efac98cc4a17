using CoreAction = RetentionScore.Core.Policy.RecommendedAction;

namespace RetentionScore.Server.Tests;

/// <summary>Core's enums are cast to the contract's: names and numbers are the same.</summary>
public sealed class ContractTests
{
    [Theory]
    [InlineData(typeof(Core.Speaker), typeof(Speaker))]
    [InlineData(typeof(Core.Dialogue.CallEventKind), typeof(CallEventKind))]
    [InlineData(typeof(Core.Calls.Disposition), typeof(Disposition))]
    [InlineData(typeof(Core.Risk.RiskBand), typeof(RiskBand))]
    [InlineData(typeof(Core.Dialogue.CancelStage), typeof(CancelStage))]
    [InlineData(typeof(CoreAction), typeof(RecommendedAction))]
    [InlineData(typeof(Core.Policy.Audience), typeof(Audience))]
    [InlineData(typeof(Core.Policy.Severity), typeof(Severity))]
    [InlineData(typeof(Core.Policy.RecommendationState), typeof(RecommendationState))]
    public void CoreEnum_HasTheContractsNamesAndNumbers(Type core, Type contract)
    {
        Assert.Equal(Members(contract), Members(core));
    }

    [Fact]
    public void ScoreNames_AreTheMembersOfRiskScores()
    {
        string[] members = [.. RiskScores.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name).Where(name => name is not ("overall_low" or "overall_high"))];
        Assert.Equal(members, Scoring.Wire.UpdateMessage.ScoreNames);
        Assert.Equal(Enum.GetNames<Core.Risk.Score>().Length, members.Length);
    }

    private static IEnumerable<(string, int)> Members(Type type) =>
        Enum.GetValues(type).Cast<object>().Select(value => (value.ToString()!, Convert.ToInt32(value, null)));
}
