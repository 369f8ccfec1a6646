// truth: {"kind":["none"],"no_deadlock":true}
import java.util.concurrent.locks.StampedLock;

public class HOptimistic {
    private final StampedLock sl = new StampedLock();
    private long a, b;
    long sum() { long s = sl.tryOptimisticRead(); long x = a, y = b; if (!sl.validate(s)) { s = sl.readLock(); try { x = a; y = b; } finally { sl.unlockRead(s); } } return x + y; }
    void add() { long s = sl.writeLock(); try { a++; for (int i = 0; i < 500; i++) b += i; } finally { sl.unlockWrite(s); } }
    public static void main(String[] args) {
        HOptimistic h = new HOptimistic();
        for (int i = 0; i < 10; i++) { int n = i; new Thread(() -> { for (;;) if (n < 3) h.add(); else h.sum(); }, "calc-" + i).start(); }
    }
}
