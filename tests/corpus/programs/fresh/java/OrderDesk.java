// truth: {"kind":["deadlock_cycle"],"waiting":["guarded","quote","fill","lock"],"holder":["guarded","place","rebalance","fill","quote"]}
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.locks.*;
import java.util.function.*;

public class OrderDesk {
    static <T> T guarded(Lock l, Supplier<T> body) {
        l.lock();
        try { return body.get(); } finally { l.unlock(); }
    }
    static class Book {
        private final ReentrantLock lock = new ReentrantLock();
        Risk risk; int size;
        int place(int n) { return guarded(lock, () -> { pause(); return risk.quote(n) + (size += n); }); }
        int fill(int n) { return guarded(lock, () -> size -= n); }
    }
    static class Risk {
        private final ReentrantLock lock = new ReentrantLock(true);
        Book book; int limit = 5;
        int quote(int n) { return guarded(lock, () -> n * limit); }
        void rebalance() { guarded(lock, () -> { pause(); return book.fill(1); }); }
    }
    static void pause() { try { Thread.sleep(50); } catch (InterruptedException e) { } }
    public static void main(String[] a) {
        Book b = new Book(); Risk r = new Risk(); b.risk = r; r.book = b;
        ExecutorService desk = Executors.newFixedThreadPool(8);
        for (int i = 0; i < 6; i++) { int n = i; desk.submit(() -> b.place(n)); }
        Executors.newSingleThreadScheduledExecutor().scheduleAtFixedRate(r::rebalance, 20, 5, TimeUnit.MILLISECONDS);
    }
}
