// truth: {"kind":["lost_signal"],"waiting":["await","serve","awaitReady"]}
import java.util.concurrent.*;

public class Warmup {
    private final CountDownLatch ready = new CountDownLatch(3);
    private final ExecutorService loaders = Executors.newFixedThreadPool(3, r -> { Thread t = new Thread(r, "loader"); t.setDaemon(true); return t; });
    void load(String part) {
        if (part.equals("rates")) throw new IllegalStateException("no rates");
        ready.countDown();
    }
    void start() { for (String part : new String[] {"users", "rates", "stock"}) loaders.submit(() -> load(part)); }
    void awaitReady() throws InterruptedException { ready.await(); }
    void serve(int n) { try { awaitReady(); System.out.println(n); } catch (InterruptedException e) { } }
    public static void main(String[] args) {
        Warmup w = new Warmup();
        w.start();
        for (int i = 0; i < 8; i++) { int n = i; new Thread(() -> w.serve(n), "http-nio-8080-exec-" + i).start(); }
    }
}
