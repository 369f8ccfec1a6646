// truth: {"kind":["lost_signal"],"waiting":["await","whenReady","start"]}
import java.util.concurrent.*;

public class LatchForgot {
    static class Module {
        private final CountDownLatch ready = new CountDownLatch(1);
        void start(boolean ok) { if (ok) ready.countDown(); }
        void whenReady() { try { ready.await(); } catch (InterruptedException e) { Thread.currentThread().interrupt(); } }
    }
    public static void main(String[] a) {
        Module m = new Module();
        for (int i = 0; i < 12; i++) new Thread(m::whenReady, "request-" + i).start();
        m.start(false);
    }
}
