// truth: {"kind":["deadlock_cycle","stalled_holder","lost_signal"],"waiting":["free","finalize","shutdown","await"],"holder":["shutdown"]}
import java.util.concurrent.CountDownLatch;

public class NativeHandle {
    static final Object table = new Object();
    static final CountDownLatch freed = new CountDownLatch(1);
    static void free() { synchronized (table) { freed.countDown(); } }
    @SuppressWarnings("deprecation") @Override protected void finalize() { free(); }
    static void shutdown() throws InterruptedException { synchronized (table) { new NativeHandle(); for (int i = 0; i < 5; i++) { System.gc(); Thread.sleep(20); } freed.await(); } }
    public static void main(String[] args) {
        new Thread(() -> { try { shutdown(); } catch (InterruptedException e) { } }, "shutdown").start();
        for (int i = 0; i < 3; i++) new Thread(() -> { try { Thread.sleep(500); } catch (InterruptedException e) { } free(); }, "closer-" + i).start();
    }
}
