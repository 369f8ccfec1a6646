// truth: {"kind":["orphaned_lock"],"waiting":["append"],"holder_unknown":true}
import java.util.*;
import java.util.concurrent.locks.*;

public class GoneOwner {
    private final Lock lock = new ReentrantLock();
    private final List<String> lines = new ArrayList<>();
    void append(String s) {
        lock.lock();
        lines.add(Objects.requireNonNull(s));
        lock.unlock();
    }
    public static void main(String[] a) throws Exception {
        GoneOwner g = new GoneOwner();
        Thread t = new Thread(() -> g.append(null), "bad");
        t.setUncaughtExceptionHandler((x, e) -> { });
        t.start(); t.join();
        for (int i = 0; i < 10; i++) new Thread(() -> g.append("x"), "log-" + i).start();
    }
}
