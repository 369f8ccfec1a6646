// truth: {"kind":["pool_exhaustion"],"waiting":["join","price","checkout","quote"]}
import java.util.concurrent.*;
import java.util.stream.*;

public class Checkout {
    private final ExecutorService io = Executors.newFixedThreadPool(4);
    CompletableFuture<Integer> quote(int item) { return CompletableFuture.supplyAsync(() -> item * 2, io).thenApplyAsync(x -> x + 1, io); }
    int price(int basket) { return IntStream.range(0, 5).map(i -> quote(basket + i).join()).sum(); }
    public static void main(String[] args) {
        Checkout c = new Checkout();
        CompletableFuture<?>[] all = new CompletableFuture<?>[8];
        for (int i = 0; i < 8; i++) { int b = i; all[i] = CompletableFuture.supplyAsync(() -> { nap(); return c.price(b); }, c.io); }
        CompletableFuture.allOf(all).join();
    }
    static void nap() { try { Thread.sleep(100); } catch (InterruptedException e) { } }
}
