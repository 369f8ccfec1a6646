// truth: {"kind":["none"]}
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.locks.*;
public class HHoldCpu {
    static final ReentrantLock l = new ReentrantLock(); static volatile double sink;
    static synchronized void crunch() { l.lock(); try { double d = 1; for (;;) { d = Math.sin(d) + 1; sink = d; } } finally { l.unlock(); } }
    public static void main(String[] a) throws Exception {
        Thread t = new Thread(HHoldCpu::crunch, "crunch"); t.start();
        List<Future<Integer>> f = new ArrayList<>(); ExecutorService e = Executors.newFixedThreadPool(4);
        for (int i = 0; i < 4; i++) f.add(e.submit(() -> { double d = 2; while (d > 0) { d = Math.cos(d) + 2; sink = d; } return 1; }));
        for (Future<Integer> x : f) x.get();
    }
}
