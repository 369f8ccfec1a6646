// truth: {"kind":["none"],"no_deadlock":true}
import java.util.concurrent.*;

public class HThrottle {
    private final Semaphore tokens = new Semaphore(3);
    void fetch() throws InterruptedException { tokens.acquire(); try { Thread.sleep(2); spin(); } finally { tokens.release(); } }
    private void spin() { long until = System.nanoTime() + 300000; while (System.nanoTime() < until) Thread.onSpinWait(); }
    public static void main(String[] args) {
        HThrottle h = new HThrottle();
        for (int i = 0; i < 8; i++) new Thread(() -> { try { for (;;) { h.fetch(); Thread.sleep(1); } } catch (InterruptedException e) { } }, "crawl-" + i).start();
    }
}
