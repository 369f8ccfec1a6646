// truth: {"kind":["deadlock_cycle","channel_deadlock","stalled_holder"],"waiting":["send","put","markSent"],"holder":["send"]}
import java.util.*;
import java.util.concurrent.*;

public class Outbox {
    private final Set<Integer> pending = new HashSet<>();
    private final BlockingQueue<Integer> wire = new ArrayBlockingQueue<>(4);
    void send(int id) throws InterruptedException { synchronized (pending) { pending.add(id); wire.put(id); } }
    void markSent(int id) { synchronized (pending) { pending.remove(id); } }
    public static void main(String[] args) {
        Outbox o = new Outbox();
        new Thread(() -> { try { for (;;) { Integer id = o.wire.take(); Thread.sleep(5); o.markSent(id); } } catch (InterruptedException e) { } }, "wire").start();
        for (int i = 0; i < 4; i++) new Thread(() -> { try { for (int n = 0;; n++) o.send(n); } catch (InterruptedException e) { } }, "api-" + i).start();
    }
}
