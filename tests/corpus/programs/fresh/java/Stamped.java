// truth: {"kind":["recursive_lock","recursive_read_lock","orphaned_lock"],"waiting":["move","writeLock","distance"],"holder":["distance","moveIfFar"]}
import java.util.concurrent.locks.StampedLock;

public class Stamped {
    private final StampedLock sl = new StampedLock();
    private double x;
    void move(double d) { long s = sl.writeLock(); try { x += d; } finally { sl.unlockWrite(s); } }
    double distance() { long s = sl.readLock(); try { return x; } finally { sl.unlockRead(s); } }
    void moveIfFar(double d) {
        long s = sl.readLock();
        try { if (x < 10) move(d); } finally { sl.unlockRead(s); }
    }
    public static void main(String[] a) throws Exception {
        Stamped p = new Stamped();
        new Thread(() -> p.moveIfFar(1), "mover").start();
        Thread.sleep(50);
        for (int i = 0; i < 6; i++) new Thread(p::distance, "reader-" + i).start();
    }
}
