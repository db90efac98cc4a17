global using RetentionScore.V1;
global using Xunit;
