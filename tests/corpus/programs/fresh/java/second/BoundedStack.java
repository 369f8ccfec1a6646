// truth: {"kind":["lost_signal"],"waiting":["await","push","pop"]}
import java.util.ArrayDeque;
import java.util.concurrent.locks.*;

public class BoundedStack {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Integer> items = new ArrayDeque<>();
    void push(int n) throws InterruptedException {
        lock.lock();
        try { while (items.size() >= 1) changed.await(); items.push(n); changed.signal(); } finally { lock.unlock(); }
    }
    int pop() throws InterruptedException {
        lock.lock();
        try { while (items.isEmpty()) changed.await(); int n = items.pop(); changed.signal(); return n; } finally { lock.unlock(); }
    }
    public static void main(String[] args) {
        BoundedStack s = new BoundedStack();
        for (int i = 0; i < 5; i++) {
            new Thread(() -> { try { for (int n = 0;; n++) s.push(n); } catch (InterruptedException e) { } }, "producer-" + i).start();
            new Thread(() -> { try { for (;;) s.pop(); } catch (InterruptedException e) { } }, "consumer-" + i).start();
        }
    }
}
