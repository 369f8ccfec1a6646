// truth: {"kind":["stalled_holder","lost_signal"],"waiting":["take","put","close"],"holder":["take"]}
import java.util.*;

public class NestedMonitor {
    static class Slot { private Object v; 
        synchronized Object await() throws InterruptedException { while (v == null) wait(); return v; }
        synchronized void set(Object o) { v = o; notifyAll(); } }
    private final Slot slot = new Slot();
    synchronized Object take() throws InterruptedException { return slot.await(); }
    synchronized void put(Object o) { slot.set(o); }
    synchronized void close() { }
    public static void main(String[] a) throws Exception {
        NestedMonitor n = new NestedMonitor();
        new Thread(() -> { try { n.take(); } catch (InterruptedException e) { } }, "consumer").start();
        Thread.sleep(50);
        for (int i = 0; i < 4; i++) new Thread(() -> n.put("x"), "producer-" + i).start();
        new Thread(n::close, "closer").start();
    }
}
