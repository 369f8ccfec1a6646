// truth: {"kind":["none"],"no_deadlock":true}
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.locks.*;
import java.util.stream.*;

public class HStreams {
    private final ReentrantReadWriteLock rw = new ReentrantReadWriteLock();
    private final Map<Integer, Integer> m = new HashMap<>();
    int score(int k) { rw.readLock().lock(); try { return m.getOrDefault(k, k); } finally { rw.readLock().unlock(); } }
    void learn(int k) { rw.writeLock().lock(); try { m.merge(k, 1, Integer::sum); } finally { rw.writeLock().unlock(); } }
    public static void main(String[] args) throws Exception {
        HStreams h = new HStreams();
        ForkJoinPool pool = new ForkJoinPool(4);
        new Thread(() -> { Random r = new Random(); for (;;) { h.learn(r.nextInt(1000)); Thread.yield(); } }, "trainer").start();
        for (;;) pool.submit(() -> IntStream.range(0, 100000).parallel().map(h::score).sum()).get();
    }
}
