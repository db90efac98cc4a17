using Grpc.Health.V1;
using RetentionScore.Server.Health;
using RetentionScore.Server.Reflection;
using RetentionScore.V1;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddGrpc();
builder.Services.AddHealth();
builder.Services.AddReflection(ScoringService.Descriptor, Health.Descriptor);

var app = builder.Build();
app.MapHealth();
app.MapReflection();
app.Run();
