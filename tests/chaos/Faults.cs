using RetentionScore.Client.Tests;

namespace RetentionScore.Chaos;

/// <summary>One fault after another, as a seed decides, until the time is up; then everything is mended.</summary>
internal sealed class Faults(ServerProcess server, Relay[] relays, JumpingTime platform, Tally tally, int seed)
{
    private readonly Random random = new(seed);

    internal async Task RunAsync(TimeSpan time)
    {
        long until = Environment.TickCount64 + (long)time.TotalMilliseconds;
        // Each kind once, however short the time; then as it comes.
        int[] kinds = [0, 3, 5, 6, 1, 4, 7, 2];
        for (int i = 0; Environment.TickCount64 < until; i++)
        {
            await Task.Delay(random.Next(200, 1500));
            await DoAsync(i < kinds.Length ? kinds[i] : Kind());
        }

        if (!server.IsRunning) await server.StartAsync();
        await server.SetDiskFullAsync(false);
    }

    private int Kind()
    {
        int roll = random.Next(100);
        return roll < 40 ? 0 : roll < 50 ? 1 : roll < 60 ? 2 : roll < 70 ? 3 : roll < 80 ? 4 : roll < 90 ? 5 : roll < 96 ? 6 : 7;
    }

    private async Task DoAsync(int kind)
    {
        Relay relay = relays[random.Next(relays.Length)];
        switch (kind)
        {
            case 0:
                tally.Count("fault: kill -9 and restart");
                await server.KillAsync();
                await Task.Delay(random.Next(0, 1000));
                await server.StartAsync();
                break;
            case 1:
                tally.Count("fault: connections cut");
                relay.Cut();
                break;
            case 2:
                tally.Count("fault: connections refused for a time");
                relay.IsRefusing = true;
                relay.Cut();
                await Task.Delay(random.Next(200, 1500));
                relay.IsRefusing = false;
                break;
            case 3:
                tally.Count("fault: everything swallowed for a time");
                relay.IsSwallowing = true;
                await Task.Delay(random.Next(200, 1500));
                relay.IsSwallowing = false;
                // Half a message may be gone: such a connection is of no use, as one is that a router forgot.
                relay.Cut();
                break;
            case 4:
                tally.Count("fault: everything delayed for a time");
                relay.Delay = TimeSpan.FromMilliseconds(random.Next(5, 120));
                await Task.Delay(random.Next(300, 2000));
                relay.Delay = TimeSpan.Zero;
                break;
            case 5:
                tally.Count("fault: disk full for a time");
                await server.SetDiskFullAsync(true);
                await Task.Delay(random.Next(300, 2500));
                if (random.Next(3) == 0)
                {
                    tally.Count("fault: kill -9 while the disk is full");
                    await server.KillAsync();
                    await server.StartAsync();
                }

                await server.SetDiskFullAsync(false);
                break;
            case 6:
                tally.Count("fault: platform's clock jumps");
                platform.Jump(TimeSpan.FromMinutes(random.Next(-300, 300)));
                break;
            default:
                if (random.Next(2) == 0)
                {
                    tally.Count("fault: server frozen for a time");
                    await server.FreezeAsync(TimeSpan.FromMilliseconds(random.Next(100, 1500)));
                }
                else
                {
                    tally.Count("fault: drained and restarted");
                    await server.DrainAsync();
                    await server.StartAsync();
                }

                break;
        }
    }
}
