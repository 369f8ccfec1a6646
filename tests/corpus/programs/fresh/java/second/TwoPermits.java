// truth: {"kind":["pool_exhaustion","deadlock_cycle"],"waiting":["acquire","copy","open"],"holder_unknown":true}
import java.util.concurrent.*;

public class TwoPermits {
    static final Semaphore handles = new Semaphore(6, true);
    static final CyclicBarrier together = new CyclicBarrier(6);
    static class Handle implements AutoCloseable {
        private Handle() {}
        static Handle open(String name) throws InterruptedException { handles.acquire(); return new Handle(); }
        @Override public void close() { handles.release(); }
    }
    static void copy(String from, String to) throws Exception {
        try (Handle in = Handle.open(from)) {
            together.await();
            try (Handle out = Handle.open(to)) { Thread.sleep(1); }
        }
    }
    public static void main(String[] args) {
        for (int i = 0; i < 6; i++) { int n = i; new Thread(() -> { try { copy("in" + n, "out" + n); } catch (Exception e) { e.printStackTrace(); } }, "copier-" + i).start(); }
    }
}
