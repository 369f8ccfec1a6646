// truth: {"kind":["deadlock_cycle"],"waiting":["flush","commit","evict","lock"],"holder":["commit","flush","evict"]}
import java.util.concurrent.*;
import java.util.concurrent.locks.*;

public class Triangle {
    static class Journal { final ReentrantLock lock = new ReentrantLock(); Cache cache; void commit() { lock.lock(); try { meet(); cache.flush(); } finally { lock.unlock(); } } }
    static class Cache { Index index; synchronized void flush() { meet(); index.evict(); } }
    static class Index { final ReadWriteLock rw = new ReentrantReadWriteLock(); Journal journal; void evict() { rw.writeLock().lock(); try { meet(); journal.commit(); } finally { rw.writeLock().unlock(); } } }
    static void meet() { try { Thread.sleep(100); } catch (InterruptedException e) { } }
    public static void main(String[] args) {
        Journal j = new Journal(); Cache c = new Cache(); Index i = new Index();
        j.cache = c; c.index = i; i.journal = j;
        new Thread(j::commit, "committer").start();
        new Thread(c::flush, "flusher").start();
        new Thread(i::evict, "evictor").start();
    }
}
