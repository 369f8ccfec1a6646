// truth: {"kind":["none"],"no_deadlock":true}
import java.util.concurrent.*;
import java.util.concurrent.locks.ReentrantLock;

public class HSchedule {
    private final ReentrantLock lock = new ReentrantLock();
    private long ticks;
    void tick() { lock.lock(); try { ticks++; } finally { lock.unlock(); } }
    public static void main(String[] args) throws Exception {
        HSchedule h = new HSchedule();
        ScheduledExecutorService s = Executors.newScheduledThreadPool(4);
        for (int i = 0; i < 6; i++) s.scheduleAtFixedRate(h::tick, i, 3 + i, TimeUnit.MILLISECONDS);
        ExecutorService cached = Executors.newCachedThreadPool();
        for (int i = 0; i < 5; i++) cached.submit(h::tick);
        new java.util.Timer("cleaner").schedule(new java.util.TimerTask() { @Override public void run() { h.tick(); } }, 10, 1000);
        s.awaitTermination(1, TimeUnit.DAYS);
    }
}
