import java.util.concurrent.locks.ReentrantLock;

/** Virtual threads: some parked on a lock that one of them holds across a sleep, one pinned in a monitor. */
public class Virtual {
  static final ReentrantLock lock = new ReentrantLock();
  static final Object monitor = new Object();
  static void holder() { lock.lock(); try { Thread.sleep(1_000_000); } catch (InterruptedException e) { } }
  static void waiter() { lock.lock(); }
  static void pinned() { synchronized (monitor) { try { Thread.sleep(1_000_000); } catch (InterruptedException e) { } } }
  static void spin() { long n = 0; while (n >= 0) { n = (n + 1) & 0xffff; } }
  public static void main(String[] args) throws Exception {
    Thread.ofVirtual().name("holder").start(Virtual::holder);
    Thread.sleep(100);
    for (int i = 0; i < 3; i++) Thread.ofVirtual().name("waiter-" + i).start(Virtual::waiter);
    Thread.ofVirtual().name("pinned").start(Virtual::pinned);
    Thread.ofVirtual().name("blocked").start(() -> { synchronized (monitor) { System.out.println(); } });
    Thread.ofVirtual().name("spin").start(Virtual::spin);
    Thread.sleep(1_000_000);
  }
}
