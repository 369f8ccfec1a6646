// truth: {"kind":["none"],"no_deadlock":true}
import java.util.*;
import java.util.concurrent.*;

public class HBatch {
    private final BlockingQueue<Integer> in = new LinkedBlockingQueue<>(100);
    private final Map<Integer, Integer> totals = Collections.synchronizedMap(new TreeMap<>());
    void batch() { List<Integer> b = new ArrayList<>(); try { for (;;) { Integer first = in.poll(100, TimeUnit.MILLISECONDS); if (first == null) continue; b.add(first); in.drainTo(b, 50); for (int n : b) totals.merge(n % 10, 1, Integer::sum); b.clear(); } } catch (InterruptedException e) { } }
    public static void main(String[] args) throws Exception {
        HBatch h = new HBatch();
        for (int i = 0; i < 3; i++) new Thread(h::batch, "batch-" + i).start();
        Object idle = new Object();
        Thread t = new Thread(() -> { synchronized (idle) { try { for (;;) { idle.wait(1000); } } catch (InterruptedException e) { } } }, "housekeeping");
        t.setDaemon(true); t.start();
        for (int i = 0;; i++) { h.in.put(i); if (i % 10 == 0) Thread.sleep(2); }
    }
}
