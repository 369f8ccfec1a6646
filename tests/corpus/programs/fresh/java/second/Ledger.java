// truth: {"kind":["orphaned_lock"],"waiting":["post","balance"],"holder_unknown":true}
import java.util.concurrent.locks.ReentrantLock;

public class Ledger {
    private final ReentrantLock lock = new ReentrantLock();
    private long sum;
    void post(long amount) { lock.lock(); if (amount < 0) throw new IllegalArgumentException("negative"); sum += amount; lock.unlock(); }
    long balance() { lock.lock(); try { return sum; } finally { lock.unlock(); } }
    public static void main(String[] args) throws Exception {
        Ledger l = new Ledger();
        Thread t = new Thread(() -> l.post(-5), "batch");
        t.setUncaughtExceptionHandler((x, e) -> { });
        t.start();
        t.join();
        for (int i = 0; i < 6; i++) { int n = i; new Thread(n % 2 == 0 ? l::balance : () -> l.post(n), "api-" + i).start(); }
    }
}
