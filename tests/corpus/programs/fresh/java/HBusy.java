// truth: {"kind":["none"],"no_deadlock":true}
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.locks.*;
public class HBusy {
    private final ReentrantReadWriteLock rw = new ReentrantReadWriteLock(); private final Map<Integer, Integer> m = new HashMap<>(); private final Object mon = new Object(); private long n;
    int get(int k) { rw.readLock().lock(); try { return m.getOrDefault(k, 0); } finally { rw.readLock().unlock(); } }
    void put(int k) { rw.writeLock().lock(); try { m.merge(k, 1, Integer::sum); } finally { rw.writeLock().unlock(); } }
    void count() { synchronized (mon) { n += m.hashCode() & 1; } }
    public static void main(String[] a) {
        HBusy b = new HBusy();
        for (int i = 0; i < 16; i++) { int s = i; new Thread(() -> { Random r = new Random(s); for (;;) { int k = r.nextInt(5000); if (k % 50 == 0) b.put(k); else b.get(k); if (k % 5 == 0) b.count(); if (k % 97 == 0) try { Thread.sleep(1); } catch (InterruptedException e) { } } }, "worker-" + i).start(); }
    }
}
