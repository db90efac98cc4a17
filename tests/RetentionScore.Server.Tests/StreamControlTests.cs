using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Tests;

public sealed class StreamControlTests
{
    [Fact]
    public async Task Wait_EndsWithTheRead()
    {
        var control = new StreamControl(0);
        var read = new TaskCompletionSource<bool>();
        ValueTask waiting = control.WaitAsync(read.Task);
        Assert.False(waiting.IsCompleted);
        read.SetResult(true);
        await waiting.AsTask().Within();
    }

    [Fact]
    public async Task Wait_EndsWithAStop_AndTheFirstReasonStays()
    {
        var control = new StreamControl(0);
        ValueTask waiting = control.WaitAsync(new TaskCompletionSource<bool>().Task);
        control.RequestStop(StopReason.Superseded);
        control.RequestStop(StopReason.Idle);
        await waiting.AsTask().Within();
        Assert.Equal(StopReason.Superseded, control.Stop);
        await control.Stopped.Within();
    }

    [Fact]
    public void DrainNotice_IsTakenOnce()
    {
        var control = new StreamControl(0);
        Assert.False(control.TakeDrainNotice());
        control.RequestDrainNotice();
        control.RequestDrainNotice();
        Assert.True(control.TakeDrainNotice());
        control.RequestDrainNotice();
        Assert.False(control.TakeDrainNotice());
    }

    /// <summary>Reads end and notices come from other threads at every point of the wait: no wake-up is lost.</summary>
    [Fact]
    public async Task Wait_UnderRaces_LosesNoWakeUp()
    {
        for (int round = 0; round < 2000; round++)
        {
            var control = new StreamControl(0);
            var read = new TaskCompletionSource<bool>();
            int spin = round % 40;
            Task other = Task.Run(() =>
            {
                Thread.SpinWait(spin);
                control.RequestDrainNotice();
                Thread.SpinWait(spin);
                read.SetResult(true);
            });
            Task loop = Task.Run(async () =>
            {
                bool said = false;
                while (!read.Task.IsCompleted || !said)
                {
                    if (!read.Task.IsCompleted) await control.WaitAsync(read.Task);
                    said |= control.TakeDrainNotice();
                }
            });
            await other.Within();
            await loop.Within();
        }
    }
}
