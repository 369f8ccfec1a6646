// truth: {"kind":["none"],"no_deadlock":true}
import java.util.concurrent.*;

public class HDrain {
    static volatile long sink;
    static long crunch(int n) { long s = n; long until = System.currentTimeMillis() + 60000; while (System.currentTimeMillis() < until) for (int i = 0; i < 1000000; i++) s = s * 31 + i; sink = s; return s; }
    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        CompletableFuture<?>[] all = new CompletableFuture<?>[4];
        for (int i = 0; i < 4; i++) { int n = i; all[i] = CompletableFuture.supplyAsync(() -> crunch(n), pool); }
        new Thread(() -> { CompletableFuture.allOf(all).join(); }, "report").start();
        pool.shutdown();
        pool.awaitTermination(5, TimeUnit.MINUTES);
    }
}
