// truth: {"kind":["pool_exhaustion"],"waiting":["join","enrich"]}
import java.util.concurrent.*;
import java.util.stream.*;

public class JoinInPool {
    static final ExecutorService io = Executors.newFixedThreadPool(3, r -> { Thread t = new Thread(r); t.setName("io-" + t.getId()); return t; });
    static CompletableFuture<String> price(int i) { return CompletableFuture.supplyAsync(() -> "p" + i, io); }
    static String enrich(int i) { return "o" + i + price(i).thenApply(String::trim).join(); }
    public static void main(String[] a) {
        CompletableFuture<?>[] all = IntStream.range(0, 20).mapToObj(i -> CompletableFuture.supplyAsync(() -> { try { Thread.sleep(30); } catch (InterruptedException e) { } return enrich(i); }, io)).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(all).join();
    }
}
