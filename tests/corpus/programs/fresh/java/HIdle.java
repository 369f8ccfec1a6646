// truth: {"kind":["none"]}
import java.util.*;
import java.util.concurrent.*;
import java.net.*;
public class HIdle {
    public static void main(String[] a) throws Exception {
        ExecutorService f = Executors.newFixedThreadPool(10), c = Executors.newCachedThreadPool();
        for (int i = 0; i < 10; i++) { f.submit(() -> 1); c.submit(() -> 2); }
        var s = Executors.newScheduledThreadPool(3); for (int i = 0; i < 3; i++) s.scheduleAtFixedRate(() -> { }, 1, 30, TimeUnit.SECONDS);
        new Timer("expiry").schedule(new TimerTask() { public void run() { } }, 100000);
        ForkJoinPool.commonPool().submit(() -> java.util.stream.IntStream.range(0, 1000).parallel().sum()).get();
        BlockingQueue<String> q = new LinkedBlockingQueue<>();
        for (int i = 0; i < 4; i++) new Thread(() -> { try { for (;;) q.take(); } catch (InterruptedException e) { } }, "consumer-" + i).start();
        Object mail = new Object();
        for (int i = 0; i < 3; i++) new Thread(() -> { synchronized (mail) { try { for (;;) mail.wait(5000); } catch (InterruptedException e) { } } }, "poller-" + i).start();
        DelayQueue<Delayed> d = new DelayQueue<>();
        new Thread(() -> { try { d.take(); } catch (InterruptedException e) { } }, "delays").start();
        SynchronousQueue<String> hand = new SynchronousQueue<>();
        new Thread(() -> { try { hand.take(); } catch (InterruptedException e) { } }, "handoff").start();
        ServerSocket l = new ServerSocket(0);
        java.net.http.HttpClient.newHttpClient();
        java.lang.ref.ReferenceQueue<Object> rq = new java.lang.ref.ReferenceQueue<>();
        Thread t = new Thread(() -> { try { rq.remove(); } catch (InterruptedException e) { } }, "sweeper"); t.setDaemon(true); t.start();
        l.accept();
    }
}
