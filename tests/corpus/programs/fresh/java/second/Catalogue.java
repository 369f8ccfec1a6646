// truth: {"kind":["recursive_read_lock","deadlock_cycle"],"waiting":["price","replace","lambda$total"],"holder":["total"]}
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantReadWriteLock;

public class Catalogue {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);
    private final ExecutorService helpers = Executors.newFixedThreadPool(3);
    private Map<String, Integer> prices = new ConcurrentHashMap<>(Map.of("a", 1, "b", 2, "c", 3));

    int price(String id) {
        lock.readLock().lock();
        try { return prices.get(id); } finally { lock.readLock().unlock(); }
    }
    int total(List<String> basket) throws Exception {
        lock.readLock().lock();
        try {
            Thread.sleep(200);
            Future<Integer> sum = helpers.submit(() -> basket.stream().mapToInt(this::price).sum());
            return sum.get();
        } finally { lock.readLock().unlock(); }
    }
    void replace(Map<String, Integer> fresh) {
        lock.writeLock().lock();
        try { prices = fresh; } finally { lock.writeLock().unlock(); }
    }

    public static void main(String[] args) throws Exception {
        Catalogue c = new Catalogue();
        ExecutorService http = Executors.newFixedThreadPool(6);
        http.submit(() -> c.total(List.of("a", "b")));
        Thread.sleep(50);
        new Thread(() -> c.replace(Map.of("a", 9)), "importer").start();
        Thread.sleep(50);
        for (int i = 0; i < 4; i++) http.submit(() -> c.price("a"));
    }
}
