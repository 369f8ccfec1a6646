// truth: {"kind":["recursive_read_lock","deadlock_cycle"],"waiting":["lookup","find","replace"],"holder":["render","find"]}
import java.util.*;
import java.util.concurrent.locks.*;

public class ReadThrough {
    interface Source { String find(String k); }
    static class Templates implements Source {
        final ReadWriteLock lock = new ReentrantReadWriteLock(true);
        final Map<String, String> t = new HashMap<>();
        public String find(String k) {
            Lock l = lock.readLock();
            l.lock();
            try { return t.get(k); } finally { l.unlock(); }
        }
        void replace(String k, String v) {
            lock.writeLock().lock();
            try { t.put(k, v); } finally { lock.writeLock().unlock(); }
        }
        // Renders with the lock held; another thread helps with each part and reads again.
        String render(java.util.concurrent.ExecutorService helpers) throws Exception {
            lock.readLock().lock();
            try { Thread.sleep(100); return helpers.submit(() -> find("part")).get(); } finally { lock.readLock().unlock(); }
        }
    }
    public static void main(String[] a) throws Exception {
        Templates t = new Templates();
        var helpers = java.util.concurrent.Executors.newFixedThreadPool(4);
        new Thread(() -> { try { t.render(helpers); } catch (Exception e) { } }, "renderer").start();
        Thread.sleep(30);
        for (int i = 0; i < 4; i++) new Thread(() -> t.replace("a", "b"), "deploy-" + i).start();
    }
}
