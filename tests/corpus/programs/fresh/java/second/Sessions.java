// truth: {"kind":["recursive_read_lock","recursive_lock","deadlock_cycle"],"waiting":["touch","find","expire","create"],"holder":["find","touch"]}
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

public class Sessions {
    private final ReadWriteLock rw = new ReentrantReadWriteLock();
    private final Lock read = rw.readLock(), write = rw.writeLock();
    private final Map<String, Long> seen = new HashMap<>();

    Long find(String id) {
        read.lock();
        try {
            Long at = seen.get(id);
            if (at == null) at = create(id);
            return at;
        } finally { read.unlock(); }
    }
    private Long create(String id) {
        write.lock();
        try { return seen.computeIfAbsent(id, k -> System.nanoTime()); } finally { write.unlock(); }
    }
    public static void main(String[] args) {
        Sessions s = new Sessions();
        for (int i = 0; i < 5; i++) { String id = "s" + i; new Thread(() -> s.find(id), "http-" + i).start(); }
    }
}
