import java.util.concurrent.*;
import java.util.concurrent.locks.*;

/** One process with a stuck thread of each kind that a reader of thread dumps must tell apart. */
public class Mixed {
  static final ReentrantReadWriteLock rw = new ReentrantReadWriteLock(true);
  static final ReentrantLock plain = new ReentrantLock();
  static final Condition filled = plain.newCondition();
  static final StampedLock stamped = new StampedLock();
  static final Semaphore permits = new Semaphore(0);
  static final CountDownLatch latch = new CountDownLatch(1);
  static final Object outer = new Object(), inner = new Object(), bell = new Object();

  static void reader() { rw.readLock().lock(); try { Thread.sleep(1_000_000); } catch (InterruptedException e) { } }
  static void writer() { rw.writeLock().lock(); }
  static void lateReader() { rw.readLock().lock(); }
  static void stampReader() { stamped.readLock(); }
  static void nested() throws Exception { synchronized (outer) { synchronized (inner) { Thread.sleep(1_000_000); } } }
  static void enter() { synchronized (inner) { System.out.println(); } }
  static synchronized void classMonitor() throws Exception { Thread.sleep(1_000_000); }
  static void bellWait() throws Exception { synchronized (bell) { bell.wait(); } }
  static void await() throws Exception { plain.lock(); filled.await(); }

  interface Body { void run() throws Exception; }
  static void start(String name, Body body) throws Exception {
    Thread t = new Thread(() -> { try { body.run(); } catch (Exception e) { } }, name);
    t.setDaemon(true);
    t.start();
    Thread.sleep(60);
  }
  public static void main(String[] args) throws Exception {
    start("reader", Mixed::reader);
    start("writer", Mixed::writer);
    start("late reader", Mixed::lateReader);
    start("condition", Mixed::await);
    start("stamp holder", () -> { stamped.writeLock(); Thread.sleep(1_000_000); });
    start("stamp reader", Mixed::stampReader);
    start("nested", Mixed::nested);
    start("enter", Mixed::enter);
    start("class monitor", Mixed::classMonitor);
    start("bell", Mixed::bellWait);
    start("permit", () -> permits.acquire());
    start("latch", () -> latch.await());
    start("plain holder", () -> { plain.lock(); Thread.sleep(1_000_000); });
    start("plain waiter", () -> plain.lock());
    Thread.sleep(1_000_000);
  }
}
