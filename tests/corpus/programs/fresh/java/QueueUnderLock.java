// truth: {"kind":["channel_deadlock","deadlock_cycle","stalled_holder"],"waiting":["publish","ack","put"],"holder":["publish"]}
import java.util.*;
import java.util.concurrent.*;

public class QueueUnderLock {
    private final Map<Integer, String> pending = new HashMap<>();
    private final BlockingQueue<Integer> q = new ArrayBlockingQueue<>(8);
    void publish(int id) throws InterruptedException { synchronized (pending) { pending.put(id, "p"); q.put(id); } }
    void ack(int id) { synchronized (pending) { pending.remove(id); } }
    void drain() { try { for (;;) ack(q.take()); } catch (InterruptedException e) { } }
    public static void main(String[] a) {
        QueueUnderLock b = new QueueUnderLock();
        new Thread(b::drain, "drainer").start();
        for (int p = 0; p < 6; p++) { int base = p * 1000000; new Thread(() -> { try { for (int i = 0; ; i++) b.publish(base + i); } catch (InterruptedException e) { } }, "pub-" + p).start(); }
    }
}
