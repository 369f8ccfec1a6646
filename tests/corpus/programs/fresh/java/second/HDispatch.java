// truth: {"kind":["none"],"no_deadlock":true}
import java.util.*;
import java.util.concurrent.locks.*;

public class HDispatch {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final ArrayDeque<Runnable> jobs = new ArrayDeque<>();
    void loop() { try { for (;;) { Runnable r; lock.lock(); try { while (jobs.isEmpty()) work.await(); r = jobs.poll(); } finally { lock.unlock(); } r.run(); } } catch (InterruptedException e) { } }
    void submit(Runnable r) { lock.lock(); try { jobs.add(r); work.signal(); } finally { lock.unlock(); } }
    public static void main(String[] args) throws Exception {
        HDispatch h = new HDispatch();
        for (int i = 0; i < 6; i++) new Thread(h::loop, "dispatch-" + i).start();
        for (int i = 0;; i++) { int n = i; h.submit(() -> Math.sqrt(n)); if (i % 50 == 0) Thread.sleep(1); }
    }
}
