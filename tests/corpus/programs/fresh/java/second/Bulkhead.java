// truth: {"kind":["pool_exhaustion","orphaned_lock","lost_signal"],"waiting":["call","acquire","handle"],"holder_unknown":true}
import java.util.concurrent.*;

public class Bulkhead {
    private final Semaphore permits = new Semaphore(4);
    String call(int id) throws Exception {
        permits.acquire();
        String answer = remote(id);
        permits.release();
        return answer;
    }
    private String remote(int id) throws Exception {
        if (id % 3 == 0) throw new java.io.IOException("503");
        return "ok";
    }
    public static void main(String[] args) throws Exception {
        Bulkhead b = new Bulkhead();
        ExecutorService http = Executors.newFixedThreadPool(12);
        for (int i = 0; i < 60; i++) { int id = i; http.submit(() -> b.call(id)); }
    }
}
