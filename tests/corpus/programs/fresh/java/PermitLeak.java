// truth: {"kind":["pool_exhaustion","orphaned_lock","lost_signal","leak"],"waiting":["acquire","fetch"],"holder_unknown":true}
import java.util.concurrent.*;

public class PermitLeak {
    static class Throttle {
        private final Semaphore permits = new Semaphore(3);
        String fetch(String u) throws Exception {
            permits.acquire();
            String body = get(u);
            permits.release();
            return body;
        }
        String get(String u) { if (u.length() % 2 == 0) throw new IllegalStateException(u); return u; }
    }
    public static void main(String[] a) throws Exception {
        Throttle t = new Throttle();
        ExecutorService e = Executors.newFixedThreadPool(20);
        for (int i = 0; i < 200; i++) { String u = "x".repeat(i); e.submit(() -> t.fetch(u)); }
    }
}
