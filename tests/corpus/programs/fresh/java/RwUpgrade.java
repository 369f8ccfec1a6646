// truth: {"kind":["recursive_read_lock","recursive_lock","deadlock_cycle"],"waiting":["load","get"],"holder":["get","load"]}
import java.util.*;
import java.util.concurrent.locks.*;

public class RwUpgrade {
    static class Cache<K, V> {
        private final ReentrantReadWriteLock rw = new ReentrantReadWriteLock();
        private final Map<K, V> m = new HashMap<>();
        V get(K k, java.util.function.Function<K, V> f) {
            rw.readLock().lock();
            try {
                V v = m.get(k);
                return v != null ? v : load(k, f);
            } finally { rw.readLock().unlock(); }
        }
        private V load(K k, java.util.function.Function<K, V> f) {
            rw.writeLock().lock();
            try { return m.computeIfAbsent(k, f); } finally { rw.writeLock().unlock(); }
        }
    }
    public static void main(String[] a) {
        Cache<Integer, String> c = new Cache<>();
        for (int i = 0; i < 5; i++) { int n = i; new Thread(() -> c.get(n, k -> "v" + k), "http-" + i).start(); }
    }
}
